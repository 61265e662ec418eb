import CRM
import Foundation
import JSON
import Personalization

/// What applying declarations would do, worked out from them and from what is in force. Pure.
struct ConfigurationPlan: Sendable {
    /// One object with everything that storing it takes.
    struct Step: Sendable {
        let declaration: Declaration
        let change: Change
        /// Whether the declaration itself differs; a connection may change only by what its references hold.
        let isNewVersion: Bool
        /// A connection's settings and secrets, resolved.
        var connection: (settings: ConnectionSettings, secrets: [String: String])?
    }

    private(set) var steps: [Step] = []

    /// Plans.
    ///
    /// - Throws: `invalidDeclaration` with everything that is wrong.
    init(_ declarations: Declarations, over stored: StoredConfiguration) throws(ConfigurationError) {
        var problems: [DeclarationProblem] = []
        for declaration in declarations.objects {
            do throws(DeclarationProblem) {
                steps.append(try Self.step(declaration, declarations: declarations, stored: stored))
            } catch {
                problems.append(error.under(declaration.file))
            }
        }
        problems += try Self.connected(declarations, stored)
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    private static func step(
        _ declaration: Declaration, declarations: Declarations, stored: StoredConfiguration
    ) throws(DeclarationProblem) -> Step {
        let key = StoredConfiguration.Key(
            tenant: declaration.tenant, kind: declaration.kind, name: declaration.name)
        let current = stored.versions[key]
        let isNewVersion = current?.sha256 != declaration.sha256
        var fields = current.map { FieldChange.between($0.body, declaration.json) } ?? []
        var resolved: (settings: ConnectionSettings, secrets: [String: String])?
        if case .connection(let connection) = declaration.body {
            let resolver = ReferenceResolver(environment: declarations.environment, file: declaration.file)
            let settings = try resolver.settings(of: connection)
            let secrets = try resolver.credentials(of: connection)
            resolved = (settings, secrets)
            if let row = stored.connections[connection.name] {
                guard row.tenant == declaration.tenant else {
                    throw DeclarationProblem(
                        "name", "another tenant has a connection \"\(connection.name)\"; choose another name")
                }
                fields += differences(of: settings, secrets, from: row)
            }
        }
        let action: Change.Action = current == nil ? .created : isNewVersion || !fields.isEmpty ? .changed : .unchanged
        let version = (current?.number ?? 0) + (isNewVersion ? 1 : 0)
        return Step(
            declaration: declaration,
            change: Change(
                kind: declaration.kind, tenant: declaration.tenant, name: declaration.name, action: action,
                version: version, fields: fields),
            isNewVersion: isNewVersion, connection: resolved)
    }

    /// What differs in what references hold. Of a secret only the name is told.
    private static func differences(
        of settings: ConnectionSettings, _ secrets: [String: String], from row: StoredConfiguration.Connection
    ) -> [FieldChange] {
        let resolved = FieldChange.between(row.settings, json(of: settings), at: "resolved")
        let names = Set(secrets.keys).union(row.secrets.keys).sorted()
        let changed = names.filter { secrets[$0] != row.secrets[$0] }
        return resolved + changed.map { FieldChange(path: "credentials.\($0)", before: nil, after: nil) }
    }

    /// Settings as they are stored.
    static func json(of settings: ConnectionSettings) -> JSONValue {
        // Strings and dictionaries of strings only: encoding cannot fail, and null would be refused by the table.
        (try? JSONEncoder().encode(settings)).flatMap { try? JSONValue(parsing: $0) } ?? .null
    }

    /// What is wrong between objects: tenants that nobody declared, and playbooks that do not fit their tenant's
    /// voices or connections. Playbooks in force are looked at again, for their tenant may just lose a fact.
    private static func connected(
        _ declarations: Declarations, _ stored: StoredConfiguration
    ) throws(ConfigurationError) -> [DeclarationProblem] {
        var problems: [DeclarationProblem] = []
        let voices = try voices(declarations, stored)
        for declaration in declarations.objects where voices[declaration.tenant] == nil {
            let problem = DeclarationProblem(
                "tenant", "there is no tenant \"\(declaration.tenant)\"; apply its declaration first or together")
            problems.append(problem.under(declaration.file))
        }
        let touched = Set(declarations.objects.map(\.tenant))
        let declared = Set(declarations.objects.filter { $0.kind == .playbook }.map { "\($0.tenant)/\($0.name)" })
        let others = try stored.objects(of: .playbook)
            .filter { touched.contains($0.tenant) && !declared.contains("\($0.tenant)/\($0.name)") }
            .sorted { $0.name < $1.name }
        let fields = try mappedFields(declarations, stored)
        for declaration in declarations.objects + others {
            guard case .playbook(let playbook) = declaration.body, let voices = voices[declaration.tenant] else {
                continue
            }
            let place = declaration.file.isEmpty ? "playbook \(playbook.name) in force" : declaration.file
            problems += playbook.problems(voices: voices).map { $0.under(place) }
            guard let known = fields[declaration.tenant] else { continue }
            for field in playbook.leadFields.subtracting(known).sorted() {
                let problem = DeclarationProblem(
                    "", "no connection of \(declaration.tenant) maps the lead field \"\(field)\"; add it to \"fields\"")
                problems.append(problem.under(place))
            }
        }
        return problems
    }

    /// The voices of each tenant as they will be.
    private static func voices(
        _ declarations: Declarations, _ stored: StoredConfiguration
    ) throws(ConfigurationError) -> [String: BrandVoices] {
        var voices: [String: BrandVoices] = [:]
        for object in try stored.objects(of: .tenant) + declarations.objects {
            if case .tenant(let tenant) = object.body { voices[tenant.name] = tenant.voices }
        }
        return voices
    }

    /// The lead fields that each tenant's connections read, as they will be; tenants without connections are left out.
    private static func mappedFields(
        _ declarations: Declarations, _ stored: StoredConfiguration
    ) throws(ConfigurationError) -> [String: Set<String>] {
        var connections: [String: Declaration] = [:]
        for object in try stored.objects(of: .connection) + declarations.objects where object.kind == .connection {
            connections[object.name] = object
        }
        var fields: [String: Set<String>] = [:]
        for object in connections.values {
            guard case .connection(let connection) = object.body else { continue }
            fields[object.tenant, default: LeadField.usual].formUnion(connection.fields.keys)
        }
        return fields
    }
}
