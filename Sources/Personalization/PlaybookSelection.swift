public import CRM

/// Which of a tenant's playbooks an event sets off.
public enum PlaybookSelection: Sendable, Hashable {
    /// These, by name; of two for the same target only the first, so that one event never writes a field twice.
    case selected([VersionedPlaybook])
    /// None, and why: kept with the event for whoever asks.
    case none(String)

    /// Chooses among the playbooks in force.
    public init(of playbooks: [VersionedPlaybook], for event: CRMEvent, about record: LeadRecord) {
        guard !event.causedByUs else {
            self = .none("our own write caused it")
            return
        }
        let listening = playbooks.filter { $0.playbook.when.events.contains(event.kind) }
        guard !listening.isEmpty else {
            self = .none("no playbook listens to \(event.kind.rawValue)")
            return
        }
        guard let stage = record.stage else {
            self = .none("the connection maps no stage for \"\(record.nativeStage ?? "")\"")
            return
        }
        let lead = LeadText(record)
        var targets: Set<String> = []
        let chosen = listening.sorted { $0.playbook.name < $1.playbook.name }
            .filter { $0.playbook.when.condition.holds(for: lead, at: stage) }
            .filter { targets.insert($0.playbook.target).inserted }
        self = chosen.isEmpty ? .none("no playbook for stage \(stage.rawValue) and this lead") : .selected(chosen)
    }
}
