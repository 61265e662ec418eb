import JSON

/// One field of an object.
struct SalesforceField: Sendable {
    /// The kinds of value, by the names that a describe shows.
    enum Kind: String, Sendable {
        case id, string, email, phone, url, textarea, picklist, boolean, double, currency, date, datetime, reference
    }

    let name: String
    let kind: Kind
    var length = 255
    /// The objects that a reference may lead to.
    var referenceTo: [String] = []
    /// What a query calls the referenced record: `Lead__r`.
    var relationshipName: String?
    var picklist: [String] = []
    var isRequired = false
    var isExternalID = false
    var isUnique = false
    var isReadOnly = false
    var defaultValue: JSONValue?

    init(_ name: String, _ kind: Kind = .string, length: Int = 255) {
        self.name = name
        self.kind = kind
        self.length = length
    }

    /// The same field with something changed, for tables of fields.
    func with(_ change: (inout SalesforceField) -> Void) -> SalesforceField {
        var copy = self
        change(&copy)
        return copy
    }

    /// The field with a value that every record must have.
    var required: SalesforceField { with { $0.isRequired = true } }

    /// A field that leads to another record. Its relationship is the name without `Id`, or with `__r`.
    static func reference(_ name: String, to objects: String...) -> SalesforceField {
        SalesforceField(name, .reference, length: 18).with { field in
            field.referenceTo = objects
            field.relationshipName =
                name.hasSuffix("__c") ? "\(name.dropLast(3))__r" : name.hasSuffix("Id") ? String(name.dropLast(2)) : nil
        }
    }

    /// A field whose values are a list; the first one is the default.
    static func picklist(_ name: String, _ values: [String]) -> SalesforceField {
        SalesforceField(name, .picklist).with {
            $0.picklist = values
            $0.defaultValue = values.first.map(JSONValue.string)
        }
    }

    /// The field as a describe shows it.
    var describe: JSONValue {
        let isCreatable = !isReadOnly && kind != .id
        return [
            "name": .string(name), "label": .string(name), "type": .string(kind.rawValue),
            "length": .integer(Int64(kind == .boolean ? 0 : length)),
            "custom": .bool(name.hasSuffix("__c")), "nillable": .bool(!isRequired && kind != .id),
            "createable": .bool(isCreatable), "updateable": .bool(isCreatable),
            "defaultedOnCreate": .bool(defaultValue != nil || isReadOnly), "externalId": .bool(isExternalID),
            "unique": .bool(isUnique), "idLookup": .bool(kind == .id || isExternalID),
            "filterable": .bool(kind != .textarea), "sortable": .bool(kind != .textarea),
            "caseSensitive": .bool(isExternalID && isUnique), "restrictedPicklist": false, "calculated": false,
            "referenceTo": .array(referenceTo.map(JSONValue.string)),
            "relationshipName": relationshipName.map(JSONValue.string) ?? .null,
            "picklistValues": .array(
                picklist.map { value in
                    [
                        "value": .string(value), "label": .string(value), "active": true,
                        "defaultValue": .bool(defaultValue == .string(value)),
                    ]
                }),
        ]
    }
}
