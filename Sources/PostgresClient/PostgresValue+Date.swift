public import Foundation

/// `timestamptz`, exact to its microsecond.
///
/// A `Date` is a `Double` of seconds, whose steps are about 0.1 µs in this century; it is rounded to the nearest
/// microsecond once, and all arithmetic after that is on integers. `infinity` has no `Date` and does not decode.
extension Date: PostgresArrayElement {
    public var postgresText: String? {
        let microseconds = (timeIntervalSince1970 * 1_000_000).rounded()
        // No number of 64 bits, which Postgres's own times are: it refuses this text as a wrong value (class 22).
        guard abs(microseconds) < 0x1p63 else { return "out of range" }
        let (day, microsecond) = Int64(microseconds).flooredQuotientAndRemainder(by: 86_400_000_000)
        let civil = CivilDay(daysSince1970: day)
        let second = microsecond / 1_000_000
        // Postgres has no year 0: 1 BC comes before 1 AD.
        let year = civil.year > 0 ? civil.year : 1 - civil.year
        let date = "\(padded(year, to: 4))-\(padded(civil.month, to: 2))-\(padded(civil.day, to: 2))"
        let time = "\(padded(second / 3600, to: 2)):\(padded(second / 60 % 60, to: 2)):\(padded(second % 60, to: 2))"
        let fraction = padded(microsecond % 1_000_000, to: 6)
        return "\(date) \(time).\(fraction)+00\(civil.year > 0 ? "" : " BC")"
    }

    /// Reads `2026-01-31 23:59:59.123456+00`, with or without a fraction, with any offset, and with ` BC`.
    public init?(postgresText text: String?) {
        guard let text else { return nil }
        var scanner = TimestampScanner(text)
        guard let timestamp = scanner.timestamp() else { return nil }
        self.init(timeIntervalSince1970: Double(timestamp) / 1_000_000)
    }
}

private func padded(_ number: Int64, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// Reads the ISO form that Postgres writes, from left to right.
private struct TimestampScanner {
    private let bytes: [UInt8]
    private var next = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Microseconds since 1970.
    mutating func timestamp() -> Int64? {
        guard let year = number(), skip("-"), let month = number(), skip("-"), let day = number(), skip(" "),
            let hour = number(), skip(":"), let minute = number(), skip(":"), let second = number(),
            let microsecond = fraction(), let offset = offset()
        else { return nil }
        let beforeChrist = bytes[next...].elementsEqual(" BC".utf8)
        guard next == bytes.count || beforeChrist else { return nil }
        let civil = CivilDay(year: beforeChrist ? 1 - year : year, month: month, day: day)
        let seconds = civil.daysSince1970 * 86400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + microsecond
    }

    private mutating func number() -> Int64? {
        var value: Int64 = 0
        let start = next
        // Longer ones are no part of a timestamp.
        while next < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[next]), next - start < 18 {
            value = value * 10 + Int64(bytes[next] - UInt8(ascii: "0"))
            next += 1
        }
        return next > start ? value : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next < bytes.count, bytes[next] == UInt8(ascii: character) else { return false }
        next += 1
        return true
    }

    /// Postgres leaves out trailing zeros: `.5` is 500,000 µs.
    private mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        let start = next
        guard let value = number(), next - start <= 6 else { return nil }
        return (next - start..<6).reduce(value) { value, _ in value * 10 }
    }

    /// Seconds east of Greenwich: `+00`, `-03:30`, `+05:53:28`.
    private mutating func offset() -> Int64? {
        let sign: Int64 = skip("-") ? -1 : 1
        if sign == 1 { guard skip("+") else { return nil } }
        guard let hours = number() else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where skip(":") {
            guard let value = number() else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }
}
