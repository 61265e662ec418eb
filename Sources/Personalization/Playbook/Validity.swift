public import Foundation

/// How long a message stays worth sending: an ISO 8601 duration of weeks, days, hours, minutes and seconds (`P3D`,
/// `PT12H`, `P1DT6H`). Years and months have no fixed length and are refused.
public struct Validity: Sendable, Hashable {
    /// The length in seconds.
    public let seconds: Int
    private let text: String

    /// Reads a duration.
    ///
    /// - Throws: `malformedDuration`.
    public init(_ text: String) throws(PersonalizationError) {
        let malformed = PersonalizationError(
            .malformedDuration, "\"\(text)\" is no duration; write P3D for three days or PT12H for twelve hours")
        guard text.first == "P" else { throw malformed }
        var total = 0
        var number = ""
        var inTime = false
        // The designators in the order in which the standard allows them, each once.
        var order: Substring = "WDTHMS"
        for character in text.dropFirst() {
            if character.isASCII, character.isNumber {
                number.append(character)
                continue
            }
            guard let position = order.firstIndex(of: character) else { throw malformed }
            order = order[order.index(after: position)...]
            if character == "T" {
                guard number.isEmpty else { throw malformed }
                inTime = true
                continue
            }
            // "M" before "T" would be months.
            guard let count = Int(number), count < 1_000_000, inTime == "HMS".contains(character),
                let unit = Self.seconds[character]
            else { throw malformed }
            total += count * unit
            number = ""
        }
        guard number.isEmpty, total > 0 else { throw malformed }
        self.seconds = total
        self.text = text
    }

    /// The moment after which the message is stale.
    public func end(after start: Date) -> Date { start.addingTimeInterval(TimeInterval(seconds)) }

    private static let seconds: [Character: Int] = ["W": 604_800, "D": 86_400, "H": 3_600, "M": 60, "S": 1]
}

extension Validity: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(PersonalizationError) {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
