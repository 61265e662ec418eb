public import CRM

/// What sets a playbook off: an event of one of the kinds, about a lead for whom the condition holds.
public struct Trigger: Sendable, Hashable {
    /// The kinds of event; at least one.
    public var events: [EventKind]
    /// The stages; at least one.
    public var stages: [FunnelStage]
    /// What else the lead's fields must hold.
    public var fields: [String: [String]]

    /// Creates a trigger.
    public init(events: [EventKind], stages: [FunnelStage], fields: [String: [String]] = [:]) {
        self.events = events
        self.stages = stages
        self.fields = fields
    }

    /// The part that looks at the lead.
    public var condition: Condition { Condition(stages: stages, fields: fields) }
}

extension Trigger: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case events, stages, fields
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            events: try container.decode([EventKind].self, forKey: .events),
            stages: try container.decode([FunnelStage].self, forKey: .stages),
            fields: try container.decodeIfPresent([String: [String]].self, forKey: .fields) ?? [:])
    }
}
