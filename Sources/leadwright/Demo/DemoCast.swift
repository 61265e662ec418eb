import CRM
import Cryptography
import Foundation
import HTTPClient
import JSON

/// Everybody who takes part in the demo: the three stand-in CRMs, the gateway and the workers, each a process.
final class DemoCast {
    private let tenants: [DemoTenant]
    private let logs: URL
    private let client = HTTPClient()
    private let secrets: DemoSecrets
    private var environment: [String: String]
    private var processes: [DemoProcess] = []
    private var gateway = ""
    private var sandboxes: [String: SandboxAdministration] = [:]
    /// The ids of the created leads, by tenant, in the order of its file.
    private var leads: [String: [String]] = [:]

    init(tenants: [DemoTenant], database: DemoDatabase, environment: [String: String], logs: URL) throws {
        self.tenants = tenants
        self.logs = logs
        self.environment = environment
        secrets = try DemoSecrets()
        self.environment["DATABASE_URL"] = database.url
        self.environment["LEADWRIGHT_KEY"] = secrets.installationKey
    }

    /// The model's name, out of where it lies.
    var modelName: String { URL(filePath: environment["LEADWRIGHT_MODEL"] ?? "").lastPathComponent }

    // MARK: Parts

    /// Starts a stand-in for each tenant's system.
    func startSandboxes() async throws {
        for tenant in tenants {
            let process = try start("sandbox-\(tenant.name)", ["sandbox", tenant.system.rawValue, "--port", "0"])
            sandboxes[tenant.name] = SandboxAdministration(address: try process.line(), client: client)
        }
    }

    /// Starts the gateway.
    func startGateway() async throws {
        let line = try start("gateway", ["gateway", "--port", "0"]).line()
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw CommandError.failed("the gateway said \"\(line)\" instead of its port")
        }
        gateway = "http://127.0.0.1:\(port)"
    }

    /// Starts workers, and returns when each has loaded its model.
    func startWorkers(_ count: Int) throws {
        let workers = try (1...count).map { try start("worker-\($0)", ["worker"]) }
        for worker in workers { _ = try worker.line() }
    }

    /// Ends all of them, the workers first.
    func stop() { processes.reversed().forEach { $0.stop() } }

    /// - Throws: ``CommandError`` when one has ended before its time.
    func checkRunning() throws {
        if let ended = processes.first(where: { !$0.isRunning }) {
            throw CommandError.failed("\(ended.name) ended; see .local/demo/logs/\(ended.name).log")
        }
    }

    // MARK: Declarations

    /// Points the stand-ins at the gateway, and applies and connects the tenants' declarations, with the commands
    /// that an operator uses.
    ///
    /// - Returns: what was declared, in words.
    func declareTenants() async throws -> String {
        var files: [String] = []
        for tenant in tenants {
            guard let sandbox = sandboxes[tenant.name] else { continue }
            let webhook = "\(gateway)/webhooks/\(tenant.connection)"
            try await sandbox.configure(secrets.settings(for: tenant, webhook: webhook, gateway: gateway))
            environment.merge(secrets.environment(for: tenant, sandbox: sandbox.address, webhook: webhook)) { $1 }
            files += tenant.declarations.map(\.path)
        }
        try start("apply", ["apply"] + files, isService: false).finish()
        for tenant in tenants where tenant.system != .zapier {
            try start("connect-\(tenant.name)", ["connect", tenant.connection], isService: false).finish()
        }
        let playbooks = files.count { $0.contains("/playbooks/") }
        return
            "\(tenants.map { "\($0.name) on \($0.system.rawValue)" }.joined(separator: ", ")); \(playbooks) playbooks"
    }

    /// Turns on the Zaps that wait for finished content.
    func switchOnZaps() async throws {
        for tenant in tenants where tenant.system == .zapier {
            for target in tenant.targets.sorted() {
                try await sandboxes[tenant.name]?.switchOnZap(event: target)
            }
            try await sandboxes[tenant.name]?.waitUntilIdle()
        }
    }

    // MARK: What happens in the CRMs

    /// Creates every lead of every tenant.
    func createLeads() async throws -> Int {
        for tenant in tenants {
            leads[tenant.name] = try await sandboxes[tenant.name]?.create(tenant.newLeads) ?? []
        }
        return leads.values.reduce(0) { $0 + $1.count }
    }

    /// Moves every third lead one stage on.
    func changeStages() async throws -> Int {
        var moved = 0
        for tenant in tenants {
            let changes = (leads[tenant.name] ?? []).enumerated().filter { $0.offset.isMultiple(of: 3) }
                .compactMap { index, id in tenant.stageAfter(lead: index).map { (id: id, stage: $0) } }
            try await sandboxes[tenant.name]?.changeStages(changes)
            moved += changes.count
        }
        return moved
    }

    /// Lets the leads react to what stands in the CRM for them.
    func react(seed: Int64) async throws {
        for tenant in tenants { try await sandboxes[tenant.name]?.react(Self.reactions(seed: seed)) }
    }

    private static func reactions(seed: Int64) -> JSONValue {
        [
            "seed": .integer(seed),
            "probabilities": [
                "opened": 0.7, "clicked": 0.35, "replied": 0.2, "meeting": 0.12, "won": 0.1, "opted_out": 0.06,
            ],
            "without_content": ["replied": 0.03, "won": 0.02],
        ]
    }

    // MARK: Watching

    /// Returns when every stand-in has delivered all that it had to say.
    func waitUntilSent() async throws {
        for sandbox in sandboxes.values { try await sandbox.waitUntilIdle() }
    }

    /// Whether no stand-in has anything to deliver.
    func isQuiet() async throws -> Bool {
        for sandbox in sandboxes.values {
            let statistics = try await sandbox.statistics()
            guard statistics["pending"]?.integer == 0, statistics["in_flight"]?.integer == 0 else { return false }
        }
        return true
    }

    /// How many events the stand-ins sent; subscriptions of Zaps are none.
    func eventsSent() async throws -> Int {
        var sent = 0
        for tenant in tenants {
            let statistics = try await sandboxes[tenant.name]?.statistics()
            sent += Int(statistics?["webhooks"]?["events"]?.integer ?? 0)
            if tenant.system == .zapier { sent -= tenant.targets.count }
        }
        return sent
    }

    /// The texts that each stand-in shows for each lead, by tenant and by the lead's id or address.
    func content() async throws -> [String: [String: Set<String>]] {
        var content: [String: [String: Set<String>]] = [:]
        for tenant in tenants { content[tenant.name] = try await sandboxes[tenant.name]?.texts() ?? [:] }
        return content
    }

    private func start(_ name: String, _ arguments: [String], isService: Bool = true) throws -> DemoProcess {
        let process = try DemoProcess(name, arguments, isService: isService, environment: environment, logs: logs)
        if isService { processes.append(process) }
        return process
    }
}
