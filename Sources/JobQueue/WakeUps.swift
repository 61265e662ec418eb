import Synchronization

/// Why a worker is woken: which stages may have work.
public struct WakeUp: Sendable, Hashable {
    /// `nil` for any.
    var stages: Set<String>?

    /// Whether there may be work of that stage.
    public func concerns(_ stage: String) -> Bool { stages?.contains(stage) ?? true }

    mutating func merge(_ other: WakeUp) {
        guard let mine = stages, let others = other.stages else { return stages = nil }
        stages = mine.union(others)
    }

    func merged(with other: WakeUp) -> WakeUp {
        var merged = self
        merged.merge(other)
        return merged
    }
}

/// When to claim. Several calls while the reader is busy are one.
public struct WakeUps: AsyncSequence, Sendable {
    /// Takes calls in for one reader.
    final class Mailbox: Sendable {
        private let missed = Mutex<WakeUp?>(nil)
        private let signal: AsyncStream<Void>.Continuation

        init(_ signal: AsyncStream<Void>.Continuation) {
            self.signal = signal
        }

        func deliver(_ wakeUp: WakeUp) {
            missed.withLock { missed in
                var merged = missed ?? wakeUp
                merged.merge(wakeUp)
                missed = merged
            }
            signal.yield()
        }

        /// All that came since the last time.
        func take() -> WakeUp? {
            missed.withLock { missed in
                defer { missed = nil }
                return missed
            }
        }
    }

    let mailbox: Mailbox
    let signals: AsyncStream<Void>

    /// Reads them.
    public struct Iterator: AsyncIteratorProtocol {
        let mailbox: Mailbox
        var signals: AsyncStream<Void>.Iterator

        public mutating func next() async -> WakeUp? {
            while await signals.next() != nil {
                // A call that came between a signal and the look at it left its own signal behind.
                if let wakeUp = mailbox.take() { return wakeUp }
            }
            return nil
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(mailbox: mailbox, signals: signals.makeAsyncIterator()) }
}
