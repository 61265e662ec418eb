import Cryptography
import Foundation
public import JSON
public import Personalization

/// One declared object: a tenant, a connection or a playbook.
public struct Declaration: Sendable {
    /// What can be declared, in the order of applying.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case tenant, connection, playbook
    }

    /// The object.
    public enum Body: Sendable {
        case tenant(TenantDeclaration)
        case connection(ConnectionDeclaration)
        case playbook(Playbook)
    }

    /// Its tenant's name.
    public let tenant: String
    /// The object.
    public let body: Body
    /// The declaration as it is stored: what the file says, without `$schema`.
    public let json: JSONValue
    /// The file it stands in; references to files start from there.
    let file: String

    /// What it is.
    public var kind: Kind {
        switch body {
        case .tenant: .tenant
        case .connection: .connection
        case .playbook: .playbook
        }
    }

    /// Its name, unique among its tenant's objects of the kind.
    public var name: String {
        switch body {
        case .tenant(let tenant): tenant.name
        case .connection(let connection): connection.name
        case .playbook(let playbook): playbook.name
        }
    }

    /// The SHA-256 of the declaration in canonical JSON: equal for files that differ in layout only.
    var sha256: String { Hash.sha256(json.canonicalData).hexadecimal }

    /// Reads one object.
    ///
    /// - Throws: ``DeclarationProblem`` with the first thing that is wrong.
    init(_ object: JSONValue, file: String = "") throws(DeclarationProblem) {
        guard case .object(var members) = object else { throw DeclarationProblem("", "an object is expected here") }
        members["$schema"] = nil
        json = .object(members)
        self.file = file
        guard let kind = members.removeValue(forKey: "kind")?.string.flatMap(Kind.init(rawValue:)) else {
            throw DeclarationProblem("kind", "must be \"tenant\", \"connection\" or \"playbook\"")
        }
        if kind == .tenant {
            let declared = try Self.decode(TenantDeclaration.self, members)
            tenant = declared.name
            body = .tenant(declared)
            return
        }
        guard let tenant = members.removeValue(forKey: "tenant")?.string else {
            throw DeclarationProblem("tenant", "is missing; name the tenant that this belongs to")
        }
        self.tenant = tenant
        body =
            kind == .connection
            ? .connection(try Self.decode(ConnectionDeclaration.self, members))
            : .playbook(try Self.decode(Playbook.self, members))
    }

    /// The keys that stand beside those of the object itself.
    package static let envelopeKeys = ["$schema", "kind", "tenant"]

    private static func decode<Object: Decodable>(
        _ type: Object.Type, _ members: [String: JSONValue]
    ) throws(DeclarationProblem) -> Object {
        do {
            return try JSONDecoder().decode(type, from: JSONValue.object(members).canonicalData)
        } catch {
            throw DeclarationProblem(error)
        }
    }

    /// What is wrong with a name that stands in addresses and in the database.
    static func nameProblems(_ name: String) -> [DeclarationProblem] {
        let isFine =
            (1...63).contains(name.count) && name.first != "-"
            && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
        return isFine ? [] : [.init("name", "\"\(name)\" must be small letters, digits and hyphens, at most 63")]
    }
}

extension DeclarationProblem: Error {}
