import JSON

/// A type of record, with its fields.
struct SalesforceObject: Sendable {
    let name: String
    /// The first three characters of its records' ids.
    let prefix: String
    let fields: [SalesforceField]
    private let byName: [String: SalesforceField]

    /// Describes an object; the fields that every object has are added.
    init(_ name: String, prefix: String, _ fields: [SalesforceField]) {
        self.init(name: name, prefix: prefix, fields: Self.system + fields)
    }

    private init(name: String, prefix: String, fields: [SalesforceField]) {
        self.name = name
        self.prefix = prefix
        self.fields = fields
        byName = Dictionary(fields.map { ($0.name.lowercased(), $0) }) { first, _ in first }
    }

    /// The object with one more field.
    func adding(_ field: SalesforceField) -> SalesforceObject {
        SalesforceObject(name: name, prefix: prefix, fields: fields + [field])
    }

    private static let system: [SalesforceField] =
        [SalesforceField("Id", .id, length: 18)]
        + [
            ("IsDeleted", SalesforceField.Kind.boolean), ("CreatedDate", .datetime),
            ("LastModifiedDate", .datetime), ("SystemModstamp", .datetime),
        ].map { SalesforceField($0.0, $0.1).with { $0.isReadOnly = true } }
        + ["CreatedById", "LastModifiedById"].map { name in
            SalesforceField.reference(name, to: "User").with { $0.isReadOnly = true }
        } + [.reference("OwnerId", to: "User")]

    /// The field by its name, in any case.
    func field(_ name: String) -> SalesforceField? { byName[name.lowercased()] }

    /// The field that a relationship goes through.
    func reference(_ relationship: String) -> SalesforceField? {
        fields.first { $0.relationshipName?.lowercased() == relationship.lowercased() }
    }

    /// What the list of objects says about it.
    func summary(base: String) -> JSONValue {
        [
            "name": .string(name), "label": .string(name), "labelPlural": .string("\(name)s"),
            "keyPrefix": .string(prefix), "custom": .bool(name.hasSuffix("__c")), "createable": true,
            "updateable": true, "deletable": true, "queryable": true, "searchable": true, "retrieveable": true,
            "urls": [
                "sobject": .string("\(base)/sobjects/\(name)"),
                "describe": .string("\(base)/sobjects/\(name)/describe"),
                "rowTemplate": .string("\(base)/sobjects/\(name)/{ID}"),
            ],
        ]
    }

    /// Everything about it.
    func describe(base: String) -> JSONValue {
        var object = summary(base: base).object ?? [:]
        object["fields"] = .array(fields.map(\.describe))
        object["childRelationships"] = []
        object["recordTypeInfos"] = []
        return .object(object)
    }
}
