import Cryptography
public import Foundation
import JSON
import Personalization
public import PostgresClient

/// Writes training examples as a data set: one JSON Lines file and a manifest.
///
/// The prompt is the text that the model read, chat template and all, and the completion the whole message as it was
/// laid out for the model, so a row trains exactly what is asked for later. Leads who opted out or were erased are
/// left out, whatever their outcome was. Rows come by the time of their first outcome; the same examples give the
/// same bytes. Memory stays at one page of rows.
public struct DatasetExport: Sendable {
    private let pool: PostgresPool
    private let now: @Sendable () -> Date
    private let pageRows: Int

    /// Creates an export.
    public init(pool: PostgresPool, pageRows: Int = 500, now: @escaping @Sendable () -> Date = { Date() }) {
        self.pool = pool
        self.pageRows = pageRows
        self.now = now
    }

    /// Writes `<tenant>-<format>.jsonl` and `manifest.json` into a folder, which is made if need be. The data file
    /// appears whole or not at all.
    ///
    /// - Throws: ``OutcomesError``, `PostgresError`.
    public func write(_ request: DatasetRequest, to folder: URL) async throws -> DatasetManifest {
        let name = "\(request.tenant)-\(request.format.rawValue).jsonl"
        let partial = folder.appending(path: ".\(name).partial")
        try Self.output {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let pageRows = pageRows
        let (tally, excluded) = try await pool.transaction { connection in
            try await connection.execute(SQL(PackageResources.begin_snapshot_sql))
            let tenant = try await Self.tenantID(request.tenant, in: connection)
            let tally = try await Self.writeRows(
                request, tenantID: tenant, pageRows: pageRows, to: partial, in: connection)
            let counted = try await connection.query(
                SQL(PackageResources.count_excluded_sql),
                [tenant, request.since, request.until, request.format == .sft])
            return (tally, try counted.first?.decode(Int.self) ?? 0)
        }
        let manifest = DatasetManifest(
            tenant: request.tenant, format: request.format, file: name, rows: tally.rows,
            sha256: try Hash.sha256File(partial.path), window: .init(since: request.since, until: request.until),
            labels: tally.labels,
            consentFilter: .init(rule: "leads who opted out or were erased are left out", excluded: excluded),
            playbooks: tally.playbooks.map { .init(name: $0.key.name, version: $0.key.version, rows: $0.value) }
                .sorted { ($0.name, $0.version) < ($1.name, $1.version) },
            models: tally.models, createdAt: now())
        try Self.output {
            let file = folder.appending(path: name)
            // rename(2) replaces in one step; FileManager's moveItem refuses to.
            guard rename(partial.path, file.path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            try manifest.json.write(to: folder.appending(path: "manifest.json"), options: .atomic)
        }
        return manifest
    }

    /// What was written, counted on the way.
    private struct Tally: Sendable {
        struct PlaybookVersion: Hashable, Sendable {
            let name: String
            let version: Int
        }

        var rows = 0
        var labels = DatasetManifest.Labels()
        var playbooks: [PlaybookVersion: Int] = [:]
        var models: [String: Int] = [:]
    }

    private static func writeRows(
        _ request: DatasetRequest, tenantID: Int64, pageRows: Int, to file: URL, in connection: PostgresConnection
    ) async throws -> Tally {
        try output { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var tally = Tally()
        var position = (createdAt: request.since, id: Int64(-1))
        while true {
            let rows = try await connection.query(
                SQL(PackageResources.select_examples_sql),
                [tenantID, position.createdAt, request.until, position.id, request.format == .sft, pageRows])
            var page = Data()
            for row in rows {
                let (id, createdAt, label, prompt, content, playbook, version, model) = try row.decode(
                    Int64.self, Date.self, Bool.self, String.self, JSONText.self, String.self, Int.self, String.self)
                position = (createdAt, id)
                page += try line(request.format, prompt: prompt, content: content, label: label)
                tally.rows += 1
                if label { tally.labels.good += 1 } else { tally.labels.bad += 1 }
                tally.playbooks[.init(name: playbook, version: version), default: 0] += 1
                if !model.isEmpty { tally.models[model, default: 0] += 1 }
            }
            let bytes = page
            try output { try handle.write(contentsOf: bytes) }
            if rows.count < pageRows { return tally }
        }
    }

    private static func line(
        _ format: DatasetFormat, prompt: String, content: JSONText, label: Bool
    ) throws -> Data {
        let parts = try JSONDecoder().decode([String: String].self, from: Data(content.text.utf8))
        var row: [String: JSONValue] = ["prompt": .string(prompt), "completion": .string(MessageText.text(of: parts))]
        if format == .kto { row["label"] = .bool(label) }
        return JSONValue.object(row).canonicalData + Data("\n".utf8)
    }

    private static func tenantID(_ name: String, in connection: PostgresConnection) async throws -> Int64 {
        guard let row = try await connection.query(SQL(PackageResources.select_tenant_id_sql), [name]).first else {
            throw OutcomesError(.unknownTenant, "there is no tenant \"\(name)\"; `leadwright apply` declares tenants")
        }
        return try row.decode(Int64.self)
    }

    /// Does something with files, and puts a failure into words.
    private static func output(_ body: () throws -> Void) throws(OutcomesError) {
        do {
            try body()
        } catch {
            throw OutcomesError(
                .unwritableOutput, "the data set cannot be written; check the folder, its permissions and the disk",
                underlying: error)
        }
    }
}
