/// A compiled schema. Made by ``SchemaCompiler``; never changes.
final class GrammarTables: Sendable {
    let values: [GrammarValue]
    let forks: [GrammarFork]
    let shortest: ShortestTexts
    /// For each container the number of the fork with its shortest text alone; what stands in its place where the
    /// document is ``maximumDepth`` deep.
    private let shortestForks: [Int: Int]
    /// The number of the document's value.
    static let root = 0

    /// Containers inside each other, before they take their shortest form. Deeper than any text that a small model
    /// gets right; and with the shortest forms, which are at most as deep again, far from the 512 at which our own
    /// reader of JSON gives up.
    static let maximumDepth = 64

    init(values: [GrammarValue], forks: [GrammarFork], shortest: ShortestTexts) {
        self.values = values
        self.shortest = shortest
        let containers = values.indices.filter { values[$0].isContainer }
        self.forks = forks + containers.map { [GrammarBranch(shortest.text(of: $0), .end)] }
        shortestForks = Dictionary(uniqueKeysWithValues: zip(containers, forks.count...))
    }

    /// The branches of the fork that a place is in.
    func fork(_ place: ForkPlace) -> GrammarFork {
        switch place.fork {
        case .compiled(let number): forks[number]
        case .arrayStart: GrammarBranch.arrayStart
        case .arrayNext: GrammarBranch.arrayNext
        }
    }

    /// The element's value of the array that a place is in.
    func item(of array: ArrayPlace) -> Int {
        guard case .array(let form) = values[array.value] else { preconditionFailure("no array") }
        return form.item
    }

    /// The numbers that a number's value allows.
    func range(_ value: Int) -> NumberRange {
        guard case .number(let range) = values[value] else { preconditionFailure("no number") }
        return range
    }

    /// All ways to read a value from its beginning.
    func begin(_ value: Int, in container: OpenContainer?) -> [GrammarReading] {
        let isDeep = (container?.depth ?? 0) >= Self.maximumDepth
        if isDeep, let shortest = shortestForks[value] { return [reading(.compiled(shortest), in: container)] }
        switch values[value] {
        case .fixed(let fork), .object(let fork): return [reading(.compiled(fork), in: container)]
        case .string(let limits): return [GrammarReading(place: .string(.init(limits)), container: container)]
        case .number: return [GrammarReading(place: .number(.init(), value: value), container: container)]
        case .alternatives(let alternatives): return alternatives.flatMap { begin($0, in: container) }
        case .array(let form):
            let array = ArrayPlace(value: value, needed: form.minimum, left: form.maximum)
            return [reading(.arrayStart(array), in: container)]
        }
    }

    /// Where the document goes on behind a value; `nil` when the value was all of it.
    func resume(_ container: OpenContainer?) -> GrammarReading? {
        guard let container else { return nil }
        switch container.next {
        case .member(let fork): return reading(.compiled(fork), in: container.outer)
        case .item(let array): return reading(.arrayNext(array), in: container.outer)
        }
    }

    private func reading(_ fork: ForkPlace.Fork, in container: OpenContainer?) -> GrammarReading {
        let branches =
            switch fork {
            case .compiled(let number): forks[number].indices
            case .arrayStart(let array), .arrayNext(let array):
                (array.left == 0 ? 1 : 0)..<(array.needed > 0 ? 1 : 2)
            }
        return GrammarReading(place: .fork(ForkPlace(fork: fork, branches: branches)), container: container)
    }
}

extension ArrayPlace {
    /// The place behind one more element.
    var afterItem: ArrayPlace { ArrayPlace(value: value, needed: max(0, needed - 1), left: left.map { $0 - 1 }) }
}
