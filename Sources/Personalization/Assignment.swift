import Cryptography
public import Foundation

/// The group a lead is in, drawn before anything is generated.
public enum Arm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Gets nothing.
    case holdout
    /// Gets the tenant's own template.
    case baseline
    /// Gets the generated text.
    case treatment
}

/// A lead's arm in an experiment, with the probability of the draw, so that uplift can be weighed later.
public struct Assignment: Sendable, Hashable, Codable {
    /// The experiment's name.
    public let experiment: String
    /// The arm.
    public let arm: Arm
    /// How likely this arm was, above 0.
    public let probability: Double

    /// Creates an assignment, as it was stored.
    public init(experiment: String, arm: Arm, probability: Double) {
        self.experiment = experiment
        self.arm = arm
        self.probability = probability
    }

    /// Draws an arm by a keyed hash: the same lead has the same arm on every machine and at every try, and nobody
    /// without the key can tell or choose it. HMAC-SHA-256 over the three names; its first 53 bits, as a number
    /// from 0 to below 1, fall into holdout, baseline or treatment by the shares.
    public static func draw(tenant: String, experiment: Experiment, leadKey: String, key: Data) -> Assignment {
        // A unit separator cannot be part of a name, so no two triples give the same bytes.
        let message = Data([tenant, experiment.name, leadKey].joined(separator: "\u{1F}").utf8)
        let digest = MessageAuthentication.hmacSHA256(message, key: key)
        let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
        let position = Double(bits) / Double(UInt64(1) << 53)
        let treatment = 1 - experiment.holdout - experiment.baseline
        if position < experiment.holdout {
            return Assignment(experiment: experiment.name, arm: .holdout, probability: experiment.holdout)
        }
        if position < experiment.holdout + experiment.baseline {
            return Assignment(experiment: experiment.name, arm: .baseline, probability: experiment.baseline)
        }
        return Assignment(experiment: experiment.name, arm: .treatment, probability: treatment)
    }
}
