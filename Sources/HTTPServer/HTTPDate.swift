package import Foundation

/// The time as the Date field shows it (RFC 9110, 5.6.7), made anew once a second.
package struct HTTPDate {
    private var second = time_t.min
    private var text = ""

    package init() {}

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    package mutating func text(at now: time_t = time(nil)) -> String {
        if now == second { return text }
        second = now
        var parts = tm()
        var now = now
        gmtime_r(&now, &parts)
        let day = Self.days[Int(parts.tm_wday)]
        let month = Self.months[Int(parts.tm_mon)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Self.twoDigits).joined(separator: ":")
        text = "\(day), \(Self.twoDigits(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(clock) GMT"
        return text
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
