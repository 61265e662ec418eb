import Synchronization

/// Values that may be a little old. Copies share what they hold.
final class TimedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let maximumAge: Duration
    private let entries = Mutex<[Key: (value: Value, readAt: ContinuousClock.Instant)]>([:])

    init(maximumAge: Duration) {
        self.maximumAge = maximumAge
    }

    /// The value, unless there is none or it is too old.
    subscript(key: Key) -> Value? {
        get {
            entries.withLock { entries in
                guard let entry = entries[key], .now - entry.readAt < maximumAge else { return nil }
                return entry.value
            }
        }
        set {
            entries.withLock { $0[key] = newValue.map { ($0, .now) } }
        }
    }

    /// The value, however old.
    func last(_ key: Key) -> Value? { entries.withLock { $0[key]?.value } }

    /// A value that fits and is not too old.
    func first(where fits: (Value) -> Bool) -> Value? {
        entries.withLock { entries in
            entries.values.first { .now - $0.readAt < maximumAge && fits($0.value) }?.value
        }
    }

    /// Forgets everything.
    func clear() { entries.withLock { $0.removeAll() } }
}
