import Configuration
import Foundation
import JSON
import PostgresClient

extension Command {
    /// `leadwright apply`
    static let apply = Command(
        "apply", "Show what declaration files change, and put them in force.",
        discussion: """
            A file holds a tenant, a connection or a playbook, or an array of them; `leadwright schema` prints their
            form, and docs/playbooks.md explains it. All files are applied, or none. Credentials are named by
            reference, {"env": "NAME"} or {"file": "PATH"}, and stored encrypted with LEADWRIGHT_KEY or the key in
            LEADWRIGHT_KEY_FILE: 32 bytes in base64 or hexadecimal, `openssl rand -base64 32`.
            """,
        options: [
            .database, Option("--dry-run", nil, "Only show what would change."), .json,
        ], operands: "FILE…"
    ) { arguments in
        guard !arguments.operands.isEmpty else { throw CommandError.usage("name at least one file") }
        let declarations = try Declarations(files: arguments.operands)
        let pool = try await Installation.migratedPool(arguments)
        let store = ConfigurationStore(pool: pool, key: try .fromEnvironment())
        let isDryRun = arguments.has("--dry-run")
        let changes = isDryRun ? try await store.plan(declarations) : try await store.apply(declarations)
        await pool.close()
        if arguments.has("--json") {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            for change in changes { print(String(decoding: try encoder.encode(change), as: UTF8.self)) }
        } else {
            for change in changes { print(change.lines.joined(separator: "\n")) }
            let count = changes.count { $0.action != .unchanged }
            print("\(count) of \(changes.count) \(isDryRun ? "would change; nothing was stored" : "changed")")
        }
    }
}

extension Change {
    /// The change for people: a line, and one for each field that differs.
    fileprivate var lines: [String] {
        let mark = [Action.created: "+", .changed: "~", .unchanged: " "][action] ?? " "
        let head =
            "\(mark) \(kind.rawValue) \(kind == .tenant ? "" : "\(tenant)/")\(name)  \(action.rawValue), version \(version)"
        return [head]
            + fields.map { field in
                guard field.before != nil || field.after != nil else { return "    \(field.path): another secret" }
                return "    \(field.path): \(Self.short(field.before)) -> \(Self.short(field.after))"
            }
    }

    /// A value in at most 60 characters.
    private static func short(_ value: JSONValue?) -> String {
        guard let value else { return "(nothing)" }
        let text = value.canonicalText
        return text.count <= 60 ? text : "\(text.prefix(59))…"
    }
}
