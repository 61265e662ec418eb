import Foundation

/// A key of PEFT's `rank_pattern` or `alpha_pattern`: a regular expression for the end of a module's path.
struct PEFTPattern {
    private let expression: NSRegularExpression
    private let key: String

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
    /// - Throws: `malformedFile` for an expression that takes more than some 10,000 steps: one can be written to take
    ///   for ever, and no honest one comes near.
    func matches(_ path: String) throws(LanguageModelError) -> Bool {
        var isMatch = false
        var isSlow = false
        expression.enumerateMatches(
            in: path, options: [.anchored, .reportProgress], range: NSRange(path.startIndex..., in: path)
        ) { match, _, stop in
            // Called with a match, or, every 10,000 steps, without one.
            isMatch = match != nil
            isSlow = match == nil
            stop.pointee = true
        }
        guard !isSlow else {
            throw .malformedAdapter("the pattern \"\(key)\" in adapter_config.json takes too long")
        }
        return isMatch
    }
}
