public import Foundation

/// Writes one JSON object a line for operators.
///
/// Messages are fixed texts; what differs from case to case goes into fields, which hold ids, counts, codes and
/// reasons, never secrets, names, addresses or texts.
public struct Log: Sendable {
    /// How urgent a line is.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        public static func < (left: Level, right: Level) -> Bool {
            allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
        }
    }

    private let component: String
    private let minimum: Level
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// A log of one component, to standard error unless told otherwise.
    public init(
        _ component: String, minimum: Level = .info, now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
    ) {
        self.component = component
        self.minimum = minimum
        self.now = now
        self.write = write
    }

    /// Writes a line, unless it is less urgent than the log's minimum.
    public func callAsFunction(_ level: Level, _ message: StaticString, _ fields: [String: String] = [:]) {
        guard level >= minimum else { return }
        var line = fields
        line["at"] = Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(now())
        line["level"] = level.rawValue
        line["component"] = component
        line["message"] = "\(message)"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings always encode.
        guard let data = try? encoder.encode(line) else { return }
        write(String(decoding: data, as: UTF8.self))
    }
}
