/// Values by key, of which the least recently used goes when there are too many.
package struct RecentValues<Key: Hashable, Value> {
    private let limit: Int
    private var values: [Key: (value: Value, lastUse: Int)] = [:]
    private var clock = 0

    package init(limit: Int) { self.limit = max(1, limit) }

    package var count: Int { values.count }

    /// Reading counts as a use. Writing over the limit scans all keys once.
    package subscript(key: Key) -> Value? {
        mutating get {
            clock += 1
            values[key]?.lastUse = clock
            return values[key]?.value
        }
        set {
            clock += 1
            values[key] = newValue.map { ($0, clock) }
            guard values.count > limit, let oldest = values.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
                return
            }
            values[oldest.key] = nil
        }
    }
}
