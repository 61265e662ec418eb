import CRM
import Foundation
import JSON

/// One tenant of the demo: a folder with its declarations and its leads.
struct DemoTenant {
    /// The folder's name, which is the tenant's.
    let name: String
    let folder: URL
    /// Its connection's name and system, as declared.
    let connection: String
    let system: CRMSystem
    /// The system's name for each funnel stage, out of the connection's stage map.
    let nativeStages: [FunnelStage: String]
    /// Its leads by Leadwright's field names.
    let leads: [JSONValue]

    /// Reads a tenant's folder.
    init(_ folder: URL) throws {
        self.folder = folder
        name = folder.lastPathComponent
        let declared = try JSONValue(parsing: Data(contentsOf: folder.appending(path: "connection.json")))
        guard let connection = declared["name"]?.string,
            let system = declared["system"]?.string.flatMap(CRMSystem.init(rawValue:))
        else { throw CommandError.failed("\(folder.path)/connection.json declares no connection") }
        self.connection = connection
        self.system = system
        var native: [FunnelStage: String] = [:]
        for (stage, ours) in (declared["stages"]?.object ?? [:]).sorted(by: { $0.key > $1.key }) {
            if let ours = ours.string.flatMap(FunnelStage.init(rawValue:)) { native[ours] = stage }
        }
        nativeStages = native
        leads = try String(contentsOf: folder.appending(path: "leads.jsonl"), encoding: .utf8)
            .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    /// Every file that `leadwright apply` is given.
    var declarations: [URL] {
        let playbooks = folder.appending(path: "playbooks")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: playbooks.path)) ?? []
        return ["tenant.json", "connection.json"].map { folder.appending(path: $0) }
            + names.filter { $0.hasSuffix(".json") }.sorted().map { playbooks.appending(path: $0) }
    }
}
