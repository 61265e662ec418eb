import Foundation
import JSON
import LanguageModel

extension Leadwright {
    /// Prints what was measured and on what: as JSON when asked for, else a figure a line.
    static func announce(figures: [String: JSONValue], _ arguments: Arguments) throws(CommandError) {
        let surroundings: [String: JSONValue] = [
            "model": .string(URL(filePath: try arguments.value("--model")).lastPathComponent),
            "threads": .integer(Int64(try arguments.modelThreadCount())),
            "kernels": .string(Kernels.best.name),
            "peak_rss_mib": .number(PeakMemory.mebibytes),
        ]
        let all = figures.merging(surroundings) { figure, _ in figure }
        guard !arguments.has("--json") else { return announce(JSONValue.object(all).canonicalText) }
        let width = all.keys.map(\.count).max() ?? 0
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
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
