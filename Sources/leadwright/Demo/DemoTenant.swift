import CRM
import Foundation
import JSON

/// One tenant of the demo: a folder with its declarations and its leads.
struct DemoTenant {
    /// The folder's name, which is the tenant's.
    let name: String
    /// Its connection's name and system, as declared.
    let connection: String
    let system: CRMSystem
    /// Every file that `leadwright apply` is given.
    let declarations: [URL]
    /// Where its playbooks write.
    let targets: Set<String>
    /// Its leads by Leadwright's field names.
    private let leads: [JSONValue]
    /// The system's name for each funnel stage, and for each further field.
    private let nativeStages: [FunnelStage: String]
    private let nativeFields: [String: String]

    /// Reads a tenant's folder.
    init(_ folder: URL) throws {
        name = folder.lastPathComponent
        let declared = try Self.json(folder.appending(path: "connection.json"))
        guard let connection = declared["name"]?.string,
            let system = declared["system"]?.string.flatMap(CRMSystem.init(rawValue:))
        else { throw CommandError.failed("\(folder.path)/connection.json declares no connection") }
        (self.connection, self.system) = (connection, system)
        let stages = (declared["stages"]?.object ?? [:]).compactMapValues {
            $0.string.flatMap(FunnelStage.init(rawValue:))
        }
        nativeStages = Dictionary(stages.map { ($0.value, $0.key) }, uniquingKeysWith: min)
        nativeFields = (declared["fields"]?.object ?? [:]).compactMapValues(\.string)

        let playbookFolder = folder.appending(path: "playbooks")
        let playbooks = try FileManager.default.contentsOfDirectory(atPath: playbookFolder.path).sorted()
            .filter { $0.hasSuffix(".json") }.map { playbookFolder.appending(path: $0) }
        declarations = ["tenant.json", "connection.json"].map { folder.appending(path: $0) } + playbooks
        targets = Set(try playbooks.compactMap { try Self.json($0)["target"]?.string })
        leads = try String(contentsOf: folder.appending(path: "leads.jsonl"), encoding: .utf8)
            .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    /// The leads as the stand-in's administrator enters them: stages and further fields by the system's own names.
    var newLeads: [JSONValue] {
        leads.map { lead in
            var members = lead.object ?? [:]
            members["id"] = nil
            if let stage = stage(of: lead) { members["stage"] = nativeStages[stage].map(JSONValue.string) }
            let fields = lead["fields"]?.object ?? [:]
            members["fields"] = .object(
                Dictionary(fields.map { (nativeFields[$0.key] ?? $0.key, $0.value) }) { first, _ in first })
            return .object(members)
        }
    }

    /// The system's name for the stage after that of a lead, by its place in the file; `nil` after the last one.
    func stageAfter(lead index: Int) -> String? {
        guard let stage = stage(of: leads[index]), let place = FunnelStage.allCases.firstIndex(of: stage) else {
            return nil
        }
        return FunnelStage.allCases.dropFirst(place + 1).lazy.compactMap { nativeStages[$0] }.first
    }

    private func stage(of lead: JSONValue) -> FunnelStage? {
        lead["stage"]?.string.flatMap(FunnelStage.init(rawValue:))
    }

    private static func json(_ file: URL) throws -> JSONValue { try JSONValue(parsing: Data(contentsOf: file)) }
}
