import CKernels
import Foundation
import Synchronization

/// A few threads that split one step of the model at a time.
///
/// A step is a number of chunks, each done by whichever thread takes it first; the caller takes part and never waits
/// for a thread that has not begun. Between steps, a microsecond apart, threads spin; after about ten microseconds
/// they sleep, so that an idle pool, or two processes on the same cores, take nothing from each other.
/// Chunks write disjoint results, so the number of threads never shows in them.
///
/// One caller at a time.
package final class ThreadPool: Sendable {
    /// The threads that work on a step, the caller included.
    package let threads: Int
    private let team = Team()

    /// Starts `threads` - 1 threads.
    package init(threads: Int) {
        self.threads = max(1, threads)
        for index in 1..<self.threads {
            let thread = Thread { [team] in team.work(index) }
            thread.name = "leadwright-model-\(index)"
            thread.start()
        }
    }

    deinit { team.stop() }

    /// Does `body(0)`…`body(chunks - 1)` in any order and returns when all are done.
    package func run(chunks: Int, _ body: @escaping @Sendable (Int) -> Void) {
        run(chunks: chunks) { chunk, _ in body(chunk) }
    }

    /// The same, and tells which thread does a chunk: 0..<threads.
    package func run(chunks: Int, _ body: @escaping @Sendable (_ chunk: Int, _ thread: Int) -> Void) {
        guard threads > 1, chunks > 1 else {
            for chunk in 0..<chunks { body(chunk, 0) }
            return
        }
        team.run(chunks: chunks, body)
    }

    /// Does `body` over parts of 0..<count: few enough that a part is worth the hand-over, enough to balance.
    func run(over count: Int, atLeast minimum: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        let size = max(minimum, (count + threads * 4 - 1) / (threads * 4))
        run(chunks: (count + size - 1) / size) { chunk in body(chunk * size..<min(count, (chunk + 1) * size)) }
    }
}

/// What the threads share.
private final class Team: Sendable {
    /// The step's number in the upper half, its chunks that nobody has taken in the lower: taking one is a single
    /// exchange, which fails when the step has changed meanwhile.
    private let state = Atomic<UInt64>(0)
    /// The chunks of the step that are not done.
    private let unfinished = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopped = Atomic<Bool>(false)
    private let wakeUp = NSCondition()
    private let done = NSCondition()
    /// Written only while no chunk is open; read only by who has taken one, which `state` orders after the write.
    nonisolated(unsafe) private var body: @Sendable (Int, Int) -> Void = { _, _ in }

    /// Looks at the state this often before sleeping; a pause is 20 to 60 nanoseconds on the processors we know.
    private static let spins = 250

    func run(chunks: Int, _ body: @escaping @Sendable (Int, Int) -> Void) {
        self.body = body
        unfinished.store(chunks, ordering: .relaxed)
        let step = (state.load(ordering: .relaxed) >> 32) &+ 1
        state.store(step << 32 | UInt64(chunks), ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            wakeUp.lock()
            wakeUp.broadcast()
            wakeUp.unlock()
        }
        while takeOne(thread: 0) {}
        for _ in 0..<Self.spins {
            if unfinished.load(ordering: .acquiring) == 0 { return }
            ck_spin_hint()
        }
        done.lock()
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while unfinished.load(ordering: .sequentiallyConsistent) > 0 { done.wait() }
        callerSleeps.store(false, ordering: .relaxed)
        done.unlock()
    }

    func work(_ thread: Int) {
        var idle = 0
        while !stopped.load(ordering: .relaxed) {
            if takeOne(thread: thread) {
                idle = 0
            } else if idle < Self.spins {
                idle += 1
                ck_spin_hint()
            } else {
                sleep()
                idle = 0
            }
        }
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        wakeUp.lock()
        wakeUp.broadcast()
        wakeUp.unlock()
    }

    /// Takes a chunk, if one is left, and does it.
    private func takeOne(thread: Int) -> Bool {
        var seen = state.load(ordering: .acquiring)
        while seen & 0xffff_ffff > 0 {
            let (taken, current) = state.weakCompareExchange(
                expected: seen, desired: seen - 1, successOrdering: .acquiringAndReleasing,
                failureOrdering: .acquiring)
            guard taken else {
                seen = current
                continue
            }
            body(Int(seen & 0xffff_ffff) - 1, thread)
            let left = unfinished.subtract(1, ordering: .sequentiallyConsistent).newValue
            if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
                done.lock()
                done.signal()
                done.unlock()
            }
            return true
        }
        return false
    }

    private func sleep() {
        wakeUp.lock()
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while state.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0,
            !stopped.load(ordering: .sequentiallyConsistent)
        {
            wakeUp.wait()
        }
        sleepers.subtract(1, ordering: .relaxed)
        wakeUp.unlock()
    }
}
