import Foundation

/// The words after a command's name, read by its options.
struct Arguments: Sendable {
    private var values: [String: [String]] = [:]
    /// What stood after the options.
    private(set) var operands: [String] = []

    /// Reads the words. `--name value` and `--name=value` mean the same; `--` ends the options.
    ///
    /// - Throws: ``CommandError/usage(_:)`` for an unknown or incomplete option and for a missing required one.
    init(_ words: [String], options: [Option], operands: String, environment: [String: String]) throws(CommandError) {
        var rest = words[...]
        var optionsEnded = false
        while let word = rest.popFirst() {
            guard !optionsEnded, word.hasPrefix("-"), word != "-" else {
                self.operands.append(word)
                continue
            }
            if word == "--" {
                optionsEnded = true
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.name == parts[0] }) else {
                throw .usage("unknown option \(parts[0])")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw .usage("\(option.name) takes no value") }
                values[option.name, default: []].append("")
            } else if parts.count == 2 {
                values[option.name, default: []].append(parts[1])
            } else if let value = rest.popFirst() {
                values[option.name, default: []].append(value)
            } else {
                throw .usage("\(option.name) needs a value: \(option.name) \(option.value ?? "")")
            }
        }
        if operands.isEmpty, let extra = self.operands.first {
            throw .usage("unexpected \"\(extra)\"")
        }
        for option in options where values[option.name] == nil {
            if let variable = option.environment, let value = environment[variable], !value.isEmpty {
                values[option.name] = [value]
            } else if option.isRequired {
                let hint = option.environment.map { " (or set \($0))" } ?? ""
                throw .usage("\(option.name) is needed\(hint)")
            }
        }
    }

    /// The option's last value.
    subscript(name: String) -> String? { values[name]?.last }

    /// Every value of an option that may be repeated.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// Whether a switch was given.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The value of an option that must be there: declared `required`, or with a default.
    func value(_ name: String, default fallback: String? = nil) throws(CommandError) -> String {
        guard let value = self[name] ?? fallback else { throw .usage("\(name) is needed") }
        return value
    }

    /// The option's value as a number.
    func number<Number: LosslessStringConvertible>(_ name: String, default fallback: Number) throws(CommandError)
        -> Number
    {
        guard let text = self[name] else { return fallback }
        guard let number = Number(text) else { throw .usage("\(name) needs a number, not \"\(text)\"") }
        return number
    }
}
