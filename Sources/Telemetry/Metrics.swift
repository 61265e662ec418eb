import Synchronization

/// Counters and histograms of one process, rendered in Prometheus' text format 0.0.4.
public final class Metrics: Sendable {
    /// A number that only grows.
    public struct Counter: Sendable {
        let name: String
        let help: String

        /// Declares a counter; by convention its name ends in `_total`.
        public init(_ name: String, _ help: String) {
            self.name = name
            self.help = help
        }
    }

    /// How durations are spread, in seconds.
    public struct Histogram: Sendable {
        let name: String
        let help: String
        let bounds: [Double]

        /// Declares a histogram; by convention its name ends in `_seconds`.
        public init(
            _ name: String, _ help: String, bounds: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]
        ) {
            self.name = name
            self.help = help
            self.bounds = bounds
        }
    }

    private struct Family {
        let type: String
        let help: String
        /// Lines by their name and labels, as rendered.
        var samples: [String: Double] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// No metrics yet.
    public init() {}

    /// Counts.
    public func count(_ counter: Counter, _ labels: [String: String] = [:], by amount: Int = 1) {
        families.withLock {
            $0[counter.name, default: Family(type: "counter", help: counter.help)]
                .samples[Self.key(counter.name, labels), default: 0] += Double(amount)
        }
    }

    /// Records a duration.
    public func observe(_ histogram: Histogram, _ duration: Duration, _ labels: [String: String] = [:]) {
        let seconds = duration / .seconds(1)
        families.withLock {
            var family = $0[histogram.name] ?? Family(type: "histogram", help: histogram.help)
            for bound in histogram.bounds + [.infinity] {
                let label = bound == .infinity ? "+Inf" : "\(bound)"
                let key = Self.key("\(histogram.name)_bucket", labels.merging(["le": label]) { $1 })
                family.samples[key, default: 0] += seconds <= bound ? 1 : 0
            }
            family.samples[Self.key("\(histogram.name)_sum", labels), default: 0] += seconds
            family.samples[Self.key("\(histogram.name)_count", labels), default: 0] += 1
            $0[histogram.name] = family
        }
    }

    /// Everything counted so far.
    public func rendered() -> String {
        families.withLock { families in
            families.sorted { $0.key < $1.key }.map { name, family in
                Self.render(
                    name, type: family.type, help: family.help,
                    family.samples.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) })
            }.joined()
        }
    }

    /// Numbers read elsewhere (a queue's depth in the database) in the same format.
    public static func gauge(_ name: String, _ help: String, _ samples: [(labels: [String: String], value: Double)])
        -> String
    {
        render(name, type: "gauge", help: help, samples.map { (key: key(name, $0.labels), value: $0.value) })
    }

    private static func render(_ name: String, type: String, help: String, _ samples: [(key: String, value: Double)])
        -> String
    {
        "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            + samples.map { "\($0.key) \(number($0.value))\n" }.joined()
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func key(_ name: String, _ labels: [String: String]) -> String {
        guard !labels.isEmpty else { return name }
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escape($0.value))\"" }
        return "\(name){\(pairs.joined(separator: ","))}"
    }

    private static func escape(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
