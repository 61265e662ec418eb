import Foundation
import JSON
import LanguageModel

extension Leadwright {
    /// Prints what was measured with a model, and on what.
    static func announce(figures: [String: JSONValue], _ arguments: Arguments) throws(CommandError) {
        let surroundings: [String: JSONValue] = [
            "model": .string(URL(filePath: try arguments.value("--model")).lastPathComponent),
            "threads": .integer(Int64(try arguments.modelThreadCount())),
            "kernels": .string(Kernels.best.name),
            "peak_rss_mib": .number(PeakMemory.mebibytes),
        ]
        announce(figures: figures.merging(surroundings) { figure, _ in figure }, asJSON: arguments.has("--json"))
    }

    /// Prints what was measured: as JSON for programs, or a figure a line.
    static func announce(figures: [String: JSONValue], asJSON: Bool) {
        guard !asJSON else { return announce(JSONValue.object(figures).canonicalText) }
        let width = figures.keys.map(\.count).max() ?? 0
        for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
            announce("\(name.padded(to: width))  \(value.figure)")
        }
    }
}

extension JSONValue {
    /// As a reader wants it: numbers with two decimals.
    fileprivate var figure: String {
        switch self {
        case .number(let value): String(format: "%.2f", value)
        case .string(let text): text
        default: canonicalText
        }
    }
}
