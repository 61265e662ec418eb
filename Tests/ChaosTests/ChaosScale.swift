import Foundation

/// How long the chaos goes on: `LEADWRIGHT_CHAOS=long` is `make chaos`, everything else `make test`.
enum ChaosScale {
    static let isLong = ProcessInfo.processInfo.environment["LEADWRIGHT_CHAOS"] == "long"

    /// One of two values.
    static func pick<Value>(short: Value, long: Value) -> Value { isLong ? long : short }

    /// How long to wait for what must come.
    static let patience = Duration.seconds(isLong ? 180 : 60)

    /// Draws the mixed schedules; `LEADWRIGHT_CHAOS_SEED` repeats one.
    static let seed =
        ProcessInfo.processInfo.environment["LEADWRIGHT_CHAOS_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 1...999_999)
}
