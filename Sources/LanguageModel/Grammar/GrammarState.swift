/// A document that is being written under a grammar, byte by byte.
///
/// A value: a copy is a fork, and costs two counts of references. From every state that ``advance(_:)`` leads to, the
/// document can be finished; ``shortestCompletion`` says how.
public struct GrammarState: Sendable, Hashable {
    let tables: GrammarTables
    /// What the bytes so far can be; empty once nothing can follow.
    var readings: [GrammarReading]
    /// Whether the bytes so far are a document that satisfies the schema.
    public private(set) var isComplete = false

    /// Readings beyond these are dropped, which only an `anyOf` of many like-looking values meets: less can be written
    /// then, and what is written still satisfies the schema.
    static let maximumReadings = 64

    /// The beginning of a document.
    public init(_ grammar: JSONSchemaGrammar) {
        tables = grammar.tables
        readings = Array(tables.begin(GrammarTables.root, in: nil).prefix(Self.maximumReadings))
    }

    /// Whether the document is complete and nothing may follow.
    public var mustEnd: Bool { isComplete && readings.isEmpty }

    /// The bytes that may come next; none of them leads to a dead end.
    public var allowedBytes: ByteSet {
        var bytes = ByteSet()
        for reading in readings {
            switch reading.place {
            case .string(let place): bytes.formUnion(place.allowedBytes)
            case .number(let place, let value): bytes.formUnion(tables.range(value).allowedBytes(at: place))
            case .fork(let place):
                for branch in tables.fork(place)[place.branches] { bytes.insert(branch.text[place.depth]) }
            }
        }
        return bytes
    }

    /// Takes the next byte.
    ///
    /// - Returns: `false` for a byte that may not come; the state is as before then.
    public mutating func advance(_ byte: UInt8) -> Bool {
        var next: [GrammarReading] = []
        var hasEnded = false
        for reading in readings {
            switch reading.place {
            case .string(var place):
                guard place.allowedBytes.contains(byte) else { continue }
                if place.take(byte) {
                    resume(reading.container, &next, &hasEnded)
                } else {
                    next.append(GrammarReading(place: .string(place), container: reading.container))
                }
            case .number(let place, let value):
                guard let place = tables.range(value).place(after: byte, at: place) else { continue }
                if tables.range(value).mayGoOn(at: place) {
                    next.append(GrammarReading(place: .number(place, value: value), container: reading.container))
                }
                if tables.range(value).mayEnd(at: place) { resume(reading.container, &next, &hasEnded) }
            case .fork(let place): follow(place, byte, in: reading.container, &next, &hasEnded)
            }
        }
        guard hasEnded || !next.isEmpty else { return false }
        readings = next.count > Self.maximumReadings ? Array(next.prefix(Self.maximumReadings)) : next
        isComplete = hasEnded
        return true
    }

    /// Whether these bytes may come next, one after the other.
    public func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
        var state = self
        return bytes.allSatisfy { state.advance($0) }
    }

    /// The bytes that are the only way on, up to the next choice; to end where that is allowed is one.
    public var forcedBytes: [UInt8] {
        var state = self
        var bytes: [UInt8] = []
        while !state.isComplete, let byte = state.allowedBytes.only, state.advance(byte) { bytes.append(byte) }
        return bytes
    }

    private func resume(_ container: OpenContainer?, _ next: inout [GrammarReading], _ hasEnded: inout Bool) {
        if let reading = tables.resume(container) { next.append(reading) } else { hasEnded = true }
    }

    /// Takes a byte inside a fork, and leaves the fork where the byte ends a branch.
    private func follow(
        _ place: ForkPlace, _ byte: UInt8, in container: OpenContainer?, _ next: inout [GrammarReading],
        _ hasEnded: inout Bool
    ) {
        let branches = tables.fork(place)
        guard let first = place.branches.first(where: { branches[$0].text[place.depth] == byte }) else { return }
        var moved = place
        moved.depth += 1
        moved.branches =
            first..<(place.branches[first...].first { branches[$0].text[place.depth] != byte }
            ?? place.branches.upperBound)
        // The shortest text comes first; the others are longer.
        let ended = branches[first].text.count == moved.depth ? branches[first].exit : nil
        if ended != nil { moved.branches = first + 1..<moved.branches.upperBound }
        if !moved.branches.isEmpty {
            next.append(GrammarReading(place: .fork(moved), container: container))
        }
        switch (ended, place.fork) {
        case (nil, _): break
        case (.end, _): resume(container, &next, &hasEnded)
        case (.member(let value, let fork), _):
            next += tables.begin(value, in: OpenContainer(.member(fork: fork), in: container))
        case (.item, .arrayStart(let array)), (.item, .arrayNext(let array)):
            next += tables.begin(tables.item(of: array), in: OpenContainer(.item(array.afterItem), in: container))
        case (.item, .compiled): preconditionFailure("a compiled fork has no items")
        }
    }

    public static func == (a: GrammarState, b: GrammarState) -> Bool {
        a.tables === b.tables && a.isComplete == b.isComplete && a.readings == b.readings
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(isComplete)
        hasher.combine(readings)
    }
}
