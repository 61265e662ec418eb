import CRM
import JobQueue
import Pipeline

extension Option {
    /// A tenant that an operator's command is limited to.
    static let tenant = Option("--tenant", "NAME", "Only jobs of this tenant.")
    /// A stage that an operator's command is limited to.
    static let stage = Option("--stage", "STAGE", "Only jobs of this stage: understand, generate or write.")
    /// A CRM that an operator's command is limited to.
    static let crm = Option("--crm", "SYSTEM", "Only jobs of this CRM: hubspot, salesforce or zapier.")
}

extension Arguments {
    /// The stage that is named, if any.
    func stage() throws(CommandError) -> String? {
        guard let name = self["--stage"] else { return nil }
        guard Stage(rawValue: name) != nil else {
            let stages = Stage.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("there is no stage \"\(name)\", only \(stages)")
        }
        return name
    }

    /// The part of the queue that is named; all of it when nothing is.
    func scope() throws(CommandError) -> QueueScope {
        let system = self["--crm"]
        if let system, CRMSystem(rawValue: system) == nil {
            let systems = CRMSystem.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("there is no CRM \"\(system)\" here, only \(systems)")
        }
        return QueueScope(tenant: self["--tenant"], system: system, stage: try stage())
    }
}
