import Foundation

/// A key of PEFT's `rank_pattern` or `alpha_pattern`: a regular expression for the end of a module's path.
struct PEFTPattern {
    private let expression: NSRegularExpression
    private let key: String

    /// How often the expression may report that it is still busy, each time after some 10,000 steps: an expression can
    /// be written to take for ever, and no honest one reports at all.
    private static let patience = 16

    /// - Throws: `malformedFile` when it is no regular expression.
    init(_ key: String) throws(LanguageModelError) {
        do {
            // PEFT's get_pattern_key: re.match(rf"(.*\.)?({key})$", path).
            expression = try NSRegularExpression(pattern: "(.*\\.)?(\(key))$")
        } catch {
            throw .malformedAdapter("adapter_config.json has the pattern \"\(key)\", which is no regular expression")
        }
        self.key = key
    }

    /// Whether a module is meant: `model.layers.0.self_attn.q_proj`.
    ///
    /// - Throws: `malformedFile` for an expression that does not come to an end.
    func matches(_ path: String) throws(LanguageModelError) -> Bool {
        var isMatch = false
        var reports = 0
        expression.enumerateMatches(
            in: path, options: [.anchored, .reportProgress], range: NSRange(path.startIndex..., in: path)
        ) { match, _, stop in
            isMatch = isMatch || match != nil
            reports += 1
            stop.pointee = ObjCBool(isMatch || reports > Self.patience)
        }
        guard reports <= Self.patience else {
            throw .malformedAdapter("the pattern \"\(key)\" in adapter_config.json takes too long")
        }
        return isMatch
    }
}
