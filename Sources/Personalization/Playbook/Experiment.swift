/// How a playbook's leads are divided before anything is written.
public struct Experiment: Sendable, Hashable {
    /// The experiment's name. Playbooks with the same one share their division: a lead held out by one is by all.
    public var name: String
    /// The share that gets nothing, from 0 to below 1.
    public var holdout: Double
    /// The share that gets the tenant's own template: every slot's first variant or default, no model.
    public var baseline: Double

    /// Creates an experiment.
    public init(name: String, holdout: Double, baseline: Double) {
        self.name = name
        self.holdout = holdout
        self.baseline = baseline
    }
}

extension Experiment: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, holdout, baseline
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            holdout: try container.decodeIfPresent(Double.self, forKey: .holdout) ?? 0,
            baseline: try container.decodeIfPresent(Double.self, forKey: .baseline) ?? 0)
    }
}
