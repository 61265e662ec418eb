import Foundation
import Synchronization

/// Sends requests over a number of connections, each with a thread of its own, and records how long they take.
struct LoadGenerator: Sendable {
    /// When a request is sent.
    enum Arrivals: Sendable {
        /// As soon as the connection's last one is answered: how much goes through.
        case closed
        /// At fixed times, so many a second over all connections, whatever happens to earlier ones. Latency counts from
        /// the time that was meant: what waits because all connections are busy has waited.
        case open(rate: Double)
    }

    let port: Int
    let connections: Int
    let arrivals: Arrivals
    /// The request of a number; no number comes twice.
    let request: @Sendable (Int) -> [UInt8]

    /// What was measured.
    struct Result: Sendable {
        /// In seconds, of those answered with 2xx.
        var latencies: [Double] = []
        /// In seconds, of those answered with 429 or 503.
        var refusals: [Double] = []
        /// From the first request to the last answer.
        var seconds = 0.0
        /// Processor time of the generator's threads.
        var processorSeconds = 0.0

        mutating func add(_ other: Result) {
            latencies += other.latencies
            refusals += other.refusals
            seconds = max(seconds, other.seconds)
            processorSeconds += other.processorSeconds
        }
    }

    /// Sends for a time, the numbers from `first` on.
    ///
    /// - Returns: The result, and the first number that was not used.
    /// - Throws: ``CommandError/failed(_:)`` when a connection breaks or an answer is neither 2xx nor a refusal.
    func run(seconds: Double, first: Int) async throws -> (result: Result, next: Int) {
        let numbers = Numbers(first)
        let start = ContinuousClock.now + .milliseconds(10)
        let result = try await withThrowingTaskGroup(of: Result.self) { group in
            for _ in 0..<connections {
                group.addTask {
                    try await onThread {
                        try send(from: start, until: start + .seconds(seconds), first: first, numbers)
                    }
                }
            }
            return try await group.reduce(into: Result()) { $0.add($1) }
        }
        return (result, numbers.next())
    }

    private func send(
        from start: ContinuousClock.Instant, until end: ContinuousClock.Instant, first: Int, _ numbers: Numbers
    ) throws -> Result {
        var connection = try LoadConnection(port: port)
        var result = Result()
        while true {
            let number = numbers.next()
            var meant = ContinuousClock.now
            if case .open(let rate) = arrivals {
                meant = start + .seconds(Double(number - first) / rate)
                let wait = (meant - .now) / .seconds(1)
                if meant < end, wait > 0 { Thread.sleep(forTimeInterval: wait) }
            }
            guard meant < end else { break }
            let bytes = request(number)
            let status = try connection.exchange(bytes)
            let now = ContinuousClock.now
            switch status {
            case 200..<300: result.latencies.append((now - meant) / .seconds(1))
            case 429, 503: result.refusals.append((now - meant) / .seconds(1))
            default: throw CommandError.failed("the gateway answered \(status) to a load request")
            }
            result.seconds = (now - start) / .seconds(1)
        }
        var used = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
        result.processorSeconds = Double(used.tv_sec) + Double(used.tv_nsec) / 1e9
        return result
    }
}

/// Numbers that several threads draw, each once.
private final class Numbers: Sendable {
    private let last: Atomic<Int>

    init(_ first: Int) { last = Atomic(first) }

    func next() -> Int { last.add(1, ordering: .relaxed).oldValue }
}

/// Runs a body that blocks on a thread of its own.
private func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
    }
}
