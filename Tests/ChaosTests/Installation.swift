import Foundation
import HTTPClient
import JSON
import PostgresClient
import Sandbox
import TestSupport

/// A whole installation of real processes on this machine: a stand-in CRM, a gateway, workers, on a database of its
/// own. Only the model is the tests' own.
final class Installation {
    let portal: Portal
    let gateway: Service
    let workers: [Service]
    let database: String
    /// For looking; nobody's work depends on it.
    let pool: PostgresPool
    private let sandbox: Service
    private let model: WishingModel
    private let logs: URL
    private let hasQuietPeriods: Bool
    /// The leads with the place of their stage.
    private var leads: [(id: String, stage: Int)] = []

    private init(
        portal: Portal, gateway: Service, workers: [Service], database: String, pool: PostgresPool, sandbox: Service,
        model: WishingModel, logs: URL, hasQuietPeriods: Bool
    ) {
        self.portal = portal
        self.gateway = gateway
        self.workers = workers
        self.database = database
        self.pool = pool
        self.sandbox = sandbox
        self.model = model
        self.logs = logs
        self.hasQuietPeriods = hasQuietPeriods
    }

    /// Starts everything.
    ///
    /// - Parameters:
    ///   - standIn: The CRM.
    ///   - workers: For each worker, the failpoints of its first runs.
    ///   - gateway: The failpoints of the gateway's first runs.
    ///   - lease: The workers' `--lease`; the command's own without it.
    ///   - quiet: The quiet period of the playbooks in seconds.
    static func start(
        _ standIn: StandIn, workers: [[String]], gateway: [String], lease: Int?, quiet: Int
    ) async throws -> Installation {
        let logs = FileManager.default.temporaryDirectory.appending(path: "leadwright-chaos-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        let (name, url) = try await ChaosServer.shared.createDatabase()
        let model = WishingModel()
        let environment = [
            "DATABASE_URL": url, "LEADWRIGHT_KEY": String(repeating: "07", count: 32),
            "LEADWRIGHT_MODEL": try await model.start(), "LEADWRIGHT_MODEL_NAME": "wishing",
        ].merging(standIn.environment) { $1 }
        let sandbox = try Service("sandbox", ["sandbox", standIn.system], environment: environment, logs: logs)
        let portal = Portal(standIn: standIn, address: try await sandbox.start(), client: HTTPClient())

        let receiver = try Service(
            "gateway", ["gateway", "--port", "0"], environment: environment, failpoints: gateway, logs: logs)
        let line = try await receiver.start()
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw ChaosError("the gateway said \"\(line)\" instead of its port")
        }
        await receiver.restartWith(["gateway", "--port", "\(port)"])
        let webhook = "http://127.0.0.1:\(port)/webhooks/\(Declarations.connection)"
        try await portal.configure(standIn.settings(webhook))

        let file = logs.appending(path: "declarations.json")
        try Declarations.json(for: standIn, sandbox: portal.address, webhook: webhook, quiet: quiet)
            .canonicalData.write(to: file)
        for command in [["apply", file.path], ["connect", Declarations.connection]] {
            let run = try BuiltCommand.run(command, environment: environment)
            guard run.status == 0 else { throw ChaosError("\(command[0]) failed: \(run.complaints)\(run.output)") }
        }
        let arguments = ["worker"] + (lease.map { ["--lease", "\($0)"] } ?? [])
        let services = try workers.enumerated().map { number, failpoints in
            try Service(
                "worker-\(number + 1)", arguments, environment: environment, failpoints: failpoints, logs: logs)
        }
        for service in services { _ = try await service.start() }
        return Installation(
            portal: portal, gateway: receiver, workers: services, database: name,
            pool: try PostgresPool(url: url, size: 2), sandbox: sandbox, model: model, logs: logs,
            hasQuietPeriods: quiet > 0)
    }

    /// Ends everything.
    ///
    /// - Parameter keepingLogs: After a failure, for whoever looks into it.
    func stop(keepingLogs: Bool) async {
        for service in workers + [gateway, sandbox] { await service.stop() }
        await model.stop()
        await portal.client.close()
        await pool.close()
        // What is left here goes with the server.
        try? await ChaosServer.shared.drop(database)
        if keepingLogs {
            print("chaos: the logs are in \(logs.path)")
        } else {
            try? FileManager.default.removeItem(at: logs)
        }
    }

    // MARK: What happens in the CRM

    /// Creates leads, moves each one stage on and lets it react, all at once: several events of each are on their way
    /// together.
    func addLeads(_ count: Int) async throws {
        let names = (0..<count).map { "Lead\(Self.letters(leads.count + $0))" }
        let ids = try await portal.create(names)
        try await portal.move(ids, to: 1)
        leads += ids.map { (id: $0, stage: 1) }
        try await portal.react(ids)
    }

    /// Moves leads one stage on, those that are not at the last one: all, or some of them.
    func moveLeads(where isMoved: (Int) -> Bool = { _ in true }) async throws {
        for stage in portal.standIn.stages.indices.dropLast().reversed() {
            let places = leads.indices.filter { leads[$0].stage == stage && isMoved($0) }
            guard !places.isEmpty else { continue }
            try await portal.move(places.map { leads[$0].id }, to: stage + 1)
            for place in places { leads[place].stage = stage + 1 }
        }
    }

    var leadCount: Int { leads.count }

    /// A name for the n-th lead, without digits.
    private static func letters(_ number: Int) -> String {
        String(String(number, radix: 10).map { Character(UnicodeScalar(97 + UInt8($0.wholeNumberValue ?? 0))) })
    }

    // MARK: Waiting

    /// Brings a few leads again and again until something has happened.
    func addLeads(_ count: Int, until what: String, _ condition: () async throws -> Bool) async throws {
        let limit = 400
        try await eventually(within: ChaosScale.patience, { "\(what) did not happen with \(leads.count) leads" }) {
            if try await condition() { return true }
            if leads.count < limit { try await addLeads(count) }
            // The next ones come when these are accepted, or were not for a while.
            try await portal.isIdle(within: 0.3)
            return try await condition()
        }
    }

    /// Waits until the CRM has nothing to say and the queue nothing to do.
    func settle() async throws {
        try await eventually(within: ChaosScale.patience, { "not settled: \(await openWork())" }) {
            guard try await portal.isIdle() else { return false }
            return try await value("SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM jobs_behind)") == 0
        }
    }

    /// Whether the queue holds work back because the CRM allows no more calls.
    var hasParkedJobs: Bool {
        get async throws {
            try await value("SELECT count(*) FROM jobs WHERE reason = 'the call budget of its connection is used up'")
                > 0
        }
    }

    /// How often workers and gateway were killed.
    var deaths: Int {
        get async {
            var deaths = 0
            for service in workers + [gateway] { deaths += await service.deaths }
            return deaths
        }
    }

    private func value(_ sql: SQL) async throws -> Int {
        try await pool.query(sql).first?.decode(Int.self) ?? 0
    }

    /// The jobs at the head of their lanes, in words.
    private func openWork() async -> String {
        let rows = try? await pool.query(
            """
            SELECT stage || ' ' || state || ' attempt ' || attempts || ' ' || coalesce(reason, '') AS what, count(*)::bigint
            FROM job_states WHERE state <> 'behind' GROUP BY 1 ORDER BY 2 DESC LIMIT 10
            """)
        guard let rows else { return "the database does not answer" }
        return rows.compactMap { try? $0.decode(String.self, Int.self) }.map { "\($1) × \($0)" }
            .joined(separator: "; ")
    }
}

// MARK: Evidence

extension Installation {
    /// What there is to see in the database and in the CRM.
    func evidence() async throws -> Evidence {
        var evidence = Evidence()
        let webhooks = try await portal.statistics()["webhooks"]
        evidence.published = Int(webhooks?["events"]?.integer ?? 0)
        evidence.givenUp = Int(webhooks?["abandoned"]?.integer ?? 0)
        evidence.openJobs = try await value(
            "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM jobs_behind)")
        evidence.dead = try await pool.query("SELECT reason FROM dead_jobs ORDER BY id").map {
            try $0.decode(String.self)
        }
        evidence.waiting = try await value("SELECT count(*) FROM quiet_messages")
        evidence.hasQuietPeriods = hasQuietPeriods
        for lead in leads {
            for kind in portal.standIn.reactions.values { evidence.reactions[.init(lead: lead.id, kind: kind)] = 1 }
        }
        evidence.outcomes = try await outcomes()
        evidence.events = try await events()
        evidence.texts = try await texts()
        let standIn = portal.standIn
        let writes = try await portal.writes().compactMap(standIn.write)
        evidence.writes = writes.map(\.write)
        for lead in try await portal.content() {
            let id = lead["id"]?.string ?? ""
            let stage = standIn.stages.firstIndex(of: lead["stage"]?.string ?? "").map { Declarations.stages[$0] }
            var shown = Evidence.Lead(stage: stage ?? "unknown")
            for target in [standIn.targets.welcome, standIn.targets.nextStep] {
                shown.texts[standIn.role(of: target)] =
                    if let standing = standIn.standing {
                        standing(lead["content"] ?? [:], target)
                    } else {
                        writes.last { $0.target == target && $0.write.lead == id }?.write.text
                    }
            }
            evidence.leads[id] = shown
        }
        return evidence
    }

    /// Those that the CRM sent; not those that such a one turned out to be, by looking up whose deal it is.
    private func events() async throws -> [Evidence.Event] {
        let rows = try await pool.query(
            """
            SELECT id, object_id, place, ignored, kind IN ('lead.created', 'stage.changed')
            FROM events LEFT JOIN (
                SELECT (payload ->> 'event')::bigint AS id, max(job_id) AS place FROM job_history
                WHERE stage = 'understand' GROUP BY 1
            ) AS last_job USING (id)
            WHERE NOT (kind = 'deal.won' AND lead_key IS NOT NULL)
            ORDER BY id
            """)
        return try rows.map { row in
            let (id, lead, place, ignored, asksForText) = try row.decode(
                Int64.self, String.self, Int64?.self, String?.self, Bool.self)
            return Evidence.Event(id: id, lead: lead, place: place ?? 0, ignored: ignored, asksForText: asksForText)
        }
    }

    private func outcomes() async throws -> [Evidence.Reaction: Int] {
        let rows = try await pool.query(
            """
            SELECT leads.object_id, outcomes.kind, count(*)::bigint FROM outcomes JOIN leads ON leads.id = lead_id
            GROUP BY 1, 2
            """)
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                let (lead, kind, count) = try row.decode(String.self, String.self, Int.self)
                return (Evidence.Reaction(lead: lead, kind: kind), count)
            })
    }

    private func texts() async throws -> [Evidence.Text] {
        let rows = try await pool.query(
            """
            SELECT g.id::text, g.event_id, l.object_id, w.target, g.stage,
                CASE WHEN w.state = 'proven' THEN g.state ELSE w.state END, coalesce(g.content, '{}')::text
            FROM generations g JOIN leads l ON l.id = g.lead_id LEFT JOIN write_backs w ON w.generation_id = g.id
            ORDER BY g.event_id
            """)
        return try rows.map { row in
            let (id, event, lead, target, stage, state, content) = try row.decode(
                String.self, Int64.self, String.self, String?.self, String.self, String?.self, String.self)
            return Evidence.Text(
                id: id, event: event, lead: lead, target: portal.standIn.role(of: target ?? ""), stage: stage,
                state: state ?? "not made",
                parts: try JSONValue(parsing: content).object?.compactMapValues(\.string) ?? [:])
        }
    }
}
