import Foundation
import Outcomes
import PostgresClient

extension Command {
    /// `leadwright dataset export`
    static let datasetExport = Command(
        "dataset export", "Write a tenant's training examples as a data set.",
        discussion: """
            One JSON Lines file and manifest.json (window, rows, sha256, consent filter). sft: {"prompt","completion"},
            texts that led to something. kto: {"prompt","completion","label"}, texts that did and texts that drove
            the reader away. Hugging Face TRL reads both as they are. Leads who opted out or were erased are left out.
            """,
        options: [
            .database, Option("--tenant", "NAME", "Whose examples.", required: true),
            Option("--format", "sft|kto", "The shape of the rows.", required: true),
            Option("--since", "TIME", "From this time on, by the first outcome: 2026-01-31 or 2026-01-31T09:00:00Z."),
            Option("--until", "TIME", "Before this time; now unless given."),
            Option("--output", "FOLDER", "Where to write; made if it does not exist.", required: true), .json,
        ]
    ) { arguments in
        guard let format = DatasetFormat(rawValue: try arguments.value("--format")) else {
            throw CommandError.usage("--format is sft or kto")
        }
        let request = DatasetRequest(
            tenant: try arguments.value("--tenant"), format: format,
            since: try moment(arguments, "--since") ?? Date(timeIntervalSince1970: 0),
            until: try moment(arguments, "--until") ?? Date())
        let folder = URL(filePath: try arguments.value("--output"))
        let pool = try await Installation.migratedPool(arguments)
        let manifest = try await DatasetExport(pool: pool).write(request, to: folder)
        await pool.close()
        if arguments.has("--json") {
            print(String(decoding: try manifest.json, as: UTF8.self))
        } else {
            print(
                """
                \(manifest.rows) rows (\(manifest.labels.good) good, \(manifest.labels.bad) bad) in \
                \(folder.appending(path: manifest.file).path); \(manifest.consentFilter.excluded) left out for consent
                """)
        }
    }

    /// A day or a moment in UTC.
    private static func moment(_ arguments: Arguments, _ name: String) throws(CommandError) -> Date? {
        guard let text = arguments[name] else { return nil }
        guard let date = try? Date(text.count == 10 ? "\(text)T00:00:00Z" : text, strategy: .iso8601) else {
            throw .usage("\(name) is a day or a time in UTC: 2026-01-31 or 2026-01-31T09:00:00Z")
        }
        return date
    }
}
