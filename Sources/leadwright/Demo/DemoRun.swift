import CRM
import Foundation
import JSON
import Migrations
import PostgresClient

/// The demo from beginning to end: starts every part, lets things happen in the stand-in CRMs, and reports.
///
/// It drives the CRMs and watches the database. Everything between is the product: the same gateway, workers and
/// commands that an installation runs.
struct DemoRun {
    let reportFile: URL
    let pageFile: URL
    private let folder: URL
    private let tenants: [DemoTenant]
    private let seed: Int64
    private let environment: [String: String]
    private let progress: DemoProgress

    /// Reads the demo's data.
    ///
    /// - Throws: ``CommandError`` when the data or the model is not there.
    init(
        data: URL, folder: URL, seed: Int64, environment: [String: String], progress: DemoProgress
    ) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: data.path).sorted()
        tenants = try names.map { data.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.appending(path: "connection.json").path) }
            .map(DemoTenant.init)
        guard !tenants.isEmpty else { throw CommandError.failed("\(data.path) holds no tenant; see --data") }
        self.folder = folder
        self.seed = seed
        self.progress = progress
        var environment = environment
        environment["LEADWRIGHT_MODEL"] = environment["LEADWRIGHT_MODEL"] ?? Self.smallModel
        // Two workers share the machine's cores.
        environment["LEADWRIGHT_THREADS"] =
            environment["LEADWRIGHT_THREADS"] ?? "\(max(1, ProcessInfo.processInfo.activeProcessorCount / 2))"
        self.environment = environment
        reportFile = folder.appending(path: "report.json")
        pageFile = folder.appending(path: "report.html")
    }

    private static let smallModel = ".local/models/SmolLM2-135M-Instruct.Q4_1.gguf"

    /// Runs it.
    func perform() async throws -> DemoReport {
        let start = ContinuousClock.now
        let logs = folder.appending(path: "logs")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)

        let database = try await DemoDatabase.start(folder: folder, environment: environment)
        progress.finish("postgres", "ready, schema at migration \(migrations.count)")
        do {
            let report = try await perform(on: database, logs: logs, since: start)
            await database.stop()
            return report
        } catch {
            await database.stop()
            throw error
        }
    }

    private func perform(
        on database: DemoDatabase, logs: URL, since start: ContinuousClock.Instant
    ) async throws -> DemoReport {
        let cast = try DemoCast(tenants: tenants, database: database, environment: environment, logs: logs)
        defer { cast.stop() }
        try await cast.startSandboxes()
        progress.finish("sandboxes", tenants.map { "\($0.system.rawValue) for \($0.name)" }.joined(separator: ", "))
        try await cast.startGateway()
        let applied = try await cast.declareTenants()
        progress.finish("tenants", applied)
        try cast.startWorkers(2)
        try await cast.switchOnZaps()
        progress.finish("workers", "gateway and 2 workers with \(cast.modelName)")

        let watch = DemoWatch(pool: database.pool, cast: cast, progress: progress)
        let leads = try await cast.createLeads()
        try await watch.untilQuiet("leads", "\(leads) created in three CRMs")
        let moved = try await cast.changeStages()
        try await watch.untilQuiet("stages", "\(moved) leads changed stage")
        try await cast.react(seed: seed)
        try await watch.untilQuiet("reactions", "leads open, click, reply, buy, opt out")

        let report = try await DemoCount(pool: database.pool, cast: cast).report(
            seconds: start.duration(to: .now) / .seconds(1))
        try report.json.canonicalData.write(to: reportFile)
        try Data(DemoPage(report: report).html.utf8).write(to: pageFile)
        return report
    }
}
