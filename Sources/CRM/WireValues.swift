public import Foundation
public import JSON

extension Date {
    /// A time as the CRMs write it: ISO 8601 with a zone, or milliseconds since 1970, up to the year 9999.
    public init?(wire text: String) {
        if let milliseconds = Int64(text) {
            guard (-Self.endOf9999...Self.endOf9999).contains(milliseconds) else { return nil }
            self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
        } else if let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) {
            self = date
        } else {
            return nil
        }
    }

    private static let endOf9999: Int64 = 253_402_300_799_999

    /// Milliseconds since 1970, rounded: a `Date` holds seconds in a `Double`, so that 0.123 comes back as 0.1229…
    public var millisecondsSince1970: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}

extension Bool {
    /// A truth value as it arrives in text fields, in any case: `true`, `yes`, `1` and `on`, and their opposites.
    public init?(wire text: String) {
        switch text.trimmingCharacters(in: .whitespaces).lowercased() {
        case "true", "yes", "1", "on": self = true
        case "false", "no", "0", "off": self = false
        default: return nil
        }
    }
}

extension EventKind {
    /// The kind that an inbound call names: one of our own names, or Zapier's and Flow's spelling of it.
    public init?(wire text: String) {
        switch text {
        case "lead.stage_changed": self = .stageChanged
        case "content.requested", "lead.content_requested": self = .actionRequested
        default: self.init(rawValue: text)
        }
    }
}

extension JSONValue {
    /// A record's id as text: the digits of an integer, or a text that is not empty. A number that passed through
    /// floating point may have lost its last digits and is no id.
    public var identifier: String? {
        switch self {
        case .integer(let value): String(value)
        case .string(let text): text.isEmpty ? nil : text
        default: nil
        }
    }

    /// The members that hold a scalar, as text; empty texts are left out.
    public var scalarFields: [String: String] {
        (object ?? [:]).compactMapValues(\.scalarText).filter { !$0.value.isEmpty }
    }
}
