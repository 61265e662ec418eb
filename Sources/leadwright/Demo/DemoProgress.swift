import Foundation

/// One line a step of the demo, kept up to date while the step goes on.
struct DemoProgress {
    /// Whether nothing is shown, because a program reads the output.
    let isQuiet: Bool
    private let isTerminal = isatty(1) == 1

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Shows how far a step is; only on a terminal, where the line can be overwritten.
    func update(_ step: String, _ text: String) {
        guard !isQuiet, isTerminal else { return }
        Self.write("\r\u{1B}[K\(step.padded(to: 10)) \(text)")
    }

    /// Shows what a step came to.
    func finish(_ step: String, _ text: String) {
        guard !isQuiet else { return }
        Self.write("\(isTerminal ? "\r\u{1B}[K" : "")\(step.padded(to: 10)) \(text)\n")
    }

    private static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
