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

    private typealias Labels = [String: String]

    private struct CounterFamily {
        let counter: Counter
        var samples: [Labels: Int] = [:]
    }

    private struct HistogramFamily {
        let histogram: Histogram
        var samples: [Labels: Distribution] = [:]
    }

    private struct Distribution {
        /// For each bound, how many lie within it and above the one before; at last those beyond all.
        var counts: [Int]
        var sum = 0.0

        mutating func add(_ value: Double, to bucket: Int) {
            counts[bucket] += 1
            sum += value
        }
    }

    /// By name. Their texts are made when someone reads them, not in the middle of what is counted.
    private struct Families {
        var counters: [String: CounterFamily] = [:]
        var histograms: [String: HistogramFamily] = [:]
    }

    private let families = Mutex(Families())

    /// No metrics yet.
    public init() {}

    /// Counts.
    public func count(_ counter: Counter, _ labels: [String: String] = [:], by amount: Int = 1) {
        families.withLock {
            $0.counters[counter.name, default: CounterFamily(counter: counter)].samples[labels, default: 0] += amount
        }
    }

    /// Records a duration.
    public func observe(_ histogram: Histogram, _ duration: Duration, _ labels: [String: String] = [:]) {
        let seconds = duration / .seconds(1)
        let bounds = histogram.bounds
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        families.withLock {
            let none = Distribution(counts: Array(repeating: 0, count: bounds.count + 1))
            $0.histograms[histogram.name, default: HistogramFamily(histogram: histogram)]
                .samples[labels, default: none].add(seconds, to: bucket)
        }
    }

    /// Everything counted so far.
    public func rendered() -> String {
        let families = families.withLock(\.self)
        let counters = families.counters.map { name, family in
            let samples = family.samples.map { (key: Self.key(name, $0.key), value: Double($0.value)) }
            return (name, Self.render(name, type: "counter", help: family.counter.help, samples))
        }
        let histograms = families.histograms.map { name, family in
            let samples = family.samples.flatMap { Self.lines(name, family.histogram.bounds, $0.key, $0.value) }
            return (name, Self.render(name, type: "histogram", help: family.histogram.help, samples))
        }
        return (counters + histograms).sorted { $0.0 < $1.0 }.map(\.1).joined()
    }

    /// A histogram's lines: each bucket counts all that lie within its bound.
    private static func lines(
        _ name: String, _ bounds: [Double], _ labels: Labels, _ distribution: Distribution
    ) -> [(key: String, value: Double)] {
        var within = 0
        var lines = zip(bounds.map { "\($0)" } + ["+Inf"], distribution.counts).map { bound, count in
            within += count
            return (key: key("\(name)_bucket", labels.merging(["le": bound]) { $1 }), value: Double(within))
        }
        lines.append((key: key("\(name)_sum", labels), value: distribution.sum))
        lines.append((key: key("\(name)_count", labels), value: Double(within)))
        return lines
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
            + samples.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))\n" }.joined()
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
