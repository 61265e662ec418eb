import Foundation

/// Times on the wire. Everything has whole milliseconds, because both systems keep no more.
enum Timestamp {
    /// Milliseconds since 1970.
    static func milliseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    /// The date of so many milliseconds since 1970.
    static func date(milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// `2026-11-19T08:00:00.000Z`; Salesforce's REST answers end in `+0000` instead.
    ///
    /// The milliseconds are written by hand: `ISO8601FormatStyle` cuts them off where it should round.
    static func iso8601(_ date: Date, zone: String = "Z") -> String {
        let total = milliseconds(date)
        let (seconds, rest) = total.quotientAndRemainder(dividingBy: 1000)
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let fraction = String(rest)
        return "\(whole.dropLast()).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)\(zone)"
    }

    /// A date in ISO 8601 with or without fraction and with any zone, a day, or milliseconds as text.
    static func parse(_ text: String) -> Date? {
        if let milliseconds = Int64(text) { return date(milliseconds: milliseconds) }
        if text.count == 10 { return try? Date("\(text)T00:00:00Z", strategy: .iso8601) }
        let zoned = text.replacing("+0000", with: "Z")
        if let date = try? Date(zoned, strategy: .iso8601) { return date }
        return try? Date(zoned, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
