import Foundation
import Synchronization

/// The thread that an engine works on, and the way in for texts and orders from other threads.
///
/// `@unchecked Sendable`: `engine` is touched on the thread only; the rest is behind `condition`.
final class EngineLoop: @unchecked Sendable {
    private let engine: Engine
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var orders: [@Sendable (Engine) -> Void] = []
    private var isStopped = false

    init(_ engine: Engine) {
        self.engine = engine
        let thread = Thread { [self] in run() }
        thread.name = "leadwright-model"
        // Attention's and the writers' frames are small; Foundation's default of 512 KiB is not for sure everywhere.
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Hands a text over.
    func submit(_ job: Job) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Does something to the engine between two steps.
    func order(_ order: @escaping @Sendable (Engine) -> Void) {
        condition.lock()
        orders.append(order)
        condition.signal()
        condition.unlock()
    }

    /// Ends the thread, after the texts that it has.
    func stop() {
        condition.lock()
        isStopped = true
        condition.signal()
        condition.unlock()
    }

    private func run() {
        while let (jobs, orders) = work() {
            for order in orders { order(engine) }
            for job in jobs { engine.submit(job) }
            engine.step()
        }
    }

    /// Waits until there is something to do. `nil` when it was stopped and there is nothing left.
    private func work() -> (jobs: [Job], orders: [@Sendable (Engine) -> Void])? {
        condition.lock()
        defer { condition.unlock() }
        while engine.isIdle, jobs.isEmpty, orders.isEmpty {
            if isStopped { return nil }
            condition.wait()
        }
        defer { (jobs, orders) = ([], []) }
        return (jobs, orders)
    }
}
