import Foundation
import JSON

/// PEFT's `adapter_config.json` (peft.LoraConfig): how the pairs are scaled, and whether there is more than pairs.
struct PEFTConfiguration {
    private let rank: Int
    private let alpha: Double
    private let usesRSLoRA: Bool
    private let rankPatterns: [(PEFTPattern, value: Double)]
    private let alphaPatterns: [(PEFTPattern, value: Double)]

    /// What changes a model beyond pairs of matrices, and must be absent, null, false or empty.
    private static let unsupported = [
        "use_dora", "lora_bias", "modules_to_save", "trainable_token_indices", "alora_invocation_tokens",
        "layer_replication", "target_parameters", "use_qalora", "use_bdlora", "arrow_config",
    ]
    private static let longestFile = 1 << 20
    /// PEFT can write one for each module; a model of 80 layers has 560.
    private static let mostPatterns = 4096

    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the member; `unsupportedModel`.
    init(path: String) throws(LanguageModelError) {
        let file = try FileMapping(path: path)
        guard file.bytes.count <= Self.longestFile else {
            throw .malformedAdapter("adapter_config.json has \(file.bytes.count) bytes")
        }
        let members: JSONValue
        do throws(JSONError) {
            members = try JSONValue(parsing: Data(file.bytes))
        } catch {
            throw .malformedAdapter("adapter_config.json is \(error)")
        }
        try Self.refuseWhatIsNoPair(members)
        guard let rank = members["r"]?.integer, rank > 0, let exact = Int(exactly: rank) else {
            throw .malformedAdapter("r in adapter_config.json is no positive integer")
        }
        self.rank = exact
        guard let alpha = members["lora_alpha"]?.double else {
            throw .malformedAdapter("lora_alpha in adapter_config.json is no number")
        }
        self.alpha = alpha
        usesRSLoRA = members["use_rslora"]?.bool ?? false
        rankPatterns = try Self.patterns(members, "rank_pattern")
        alphaPatterns = try Self.patterns(members, "alpha_pattern")
    }

    private static func refuseWhatIsNoPair(_ members: JSONValue) throws(LanguageModelError) {
        for (key, wanted, fallback) in [
            ("peft_type", "LORA", ""), ("task_type", "CAUSAL_LM", "CAUSAL_LM"), ("bias", "none", "none"),
        ] {
            let value = members[key] ?? .null
            guard (value == .null ? fallback : value.string) == wanted else {
                throw .unsupportedAdapter("\(key) in adapter_config.json is not \"\(wanted)\"")
            }
        }
        for key in unsupported {
            switch members[key] ?? .null {
            case .null, .bool(false), .array([]), .object([:]): break
            default: throw .unsupportedAdapter("adapter_config.json has \(key)")
            }
        }
    }

    /// PEFT takes the first pattern that matches, and writes the members sorted.
    private static func patterns(_ members: JSONValue, _ key: String) throws(LanguageModelError) -> [(
        PEFTPattern, value: Double
    )] {
        var patterns: [(PEFTPattern, value: Double)] = []
        let object = members[key]?.object ?? [:]
        guard object.count <= mostPatterns else {
            throw .malformedAdapter("\(key) in adapter_config.json has \(object.count) patterns")
        }
        let sorted = object.sorted {
            $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars)
        }
        for (pattern, value) in sorted {
            guard let value = value.double else {
                throw .malformedAdapter("\(key) in adapter_config.json has no number for \"\(pattern)\"")
            }
            patterns.append((try PEFTPattern(pattern), value))
        }
        return patterns
    }

    /// What a module's pair is multiplied with: alpha / rank, or alpha / √rank (rank-stabilised LoRA).
    ///
    /// - Parameters:
    ///   - module: `model.layers.0.self_attn.q_proj`.
    ///   - rank: as the tensors have it.
    /// - Throws: `malformedFile` when the configuration says another rank.
    func scale(of module: String, rank: Int) throws(LanguageModelError) -> Float {
        let wanted = try Self.value(rankPatterns, module) ?? Double(self.rank)
        guard Double(rank) == wanted else {
            throw .malformedAdapter("\(module) has rank \(rank), which is not the one that adapter_config.json says")
        }
        let alpha = try Self.value(alphaPatterns, module) ?? alpha
        return Float(alpha / (usesRSLoRA ? Double(rank).squareRoot() : Double(rank)))
    }

    private static func value(_ patterns: [(PEFTPattern, value: Double)], _ module: String) throws(LanguageModelError)
        -> Double?
    {
        for (pattern, value) in patterns where try pattern.matches(module) { return value }
        return nil
    }
}
