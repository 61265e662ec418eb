/// The shortest text of each value of a grammar, so that a document can be finished from anywhere.
struct ShortestTexts: Sendable {
    private let values: [GrammarValue]
    private let forks: [GrammarFork]
    /// The bytes of each value's shortest text; ``endless`` for a value that must contain itself.
    private(set) var valueLengths: [Int]
    /// The bytes of the shortest way from each fork's beginning to the end of its value.
    private(set) var forkLengths: [Int]

    /// The length of what has no end. Lengths that have one are counted up to ``longest`` only.
    static let endless = 1 << 40
    /// More than a model's context holds; longer texts are not told apart.
    static let longest = 1 << 14

    /// Lowers the lengths until they stand: as often as values lie inside each other.
    init(values: [GrammarValue], forks: [GrammarFork]) {
        self.values = values
        self.forks = forks
        valueLengths = Array(repeating: Self.endless, count: values.count)
        forkLengths = Array(repeating: Self.endless, count: forks.count)
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for number in forks.indices {
                let length = forks[number].map { self.length(of: $0, after: 0, in: nil) }.min() ?? Self.endless
                if length < forkLengths[number] {
                    forkLengths[number] = length
                    hasChanged = true
                }
            }
            for number in values.indices {
                let length = length(of: values[number])
                if length < valueLengths[number] {
                    valueLengths[number] = length
                    hasChanged = true
                }
            }
        }
    }

    /// How deep containers lie inside each other in each value's shortest text, up to a limit.
    func depths(upTo limit: Int) -> [Int] {
        var valueDepths = Array(repeating: 0, count: values.count)
        var forkDepths = Array(repeating: 0, count: forks.count)
        // The shortest text of a value contains no other text of the value, so the depths come to rest.
        for _ in 0...limit {
            for number in forks.indices.reversed() {
                if let branch = shortest(of: forks[number][...], after: 0, in: nil),
                    case .member(let value, let next) = branch.exit
                {
                    forkDepths[number] = max(valueDepths[value], forkDepths[next])
                }
            }
            for (number, value) in values.enumerated() {
                switch value {
                case .fixed, .string, .number: break
                case .alternatives(let alternatives):
                    valueDepths[number] = shortest(of: alternatives).map { valueDepths[$0] } ?? 0
                case .array(let form): valueDepths[number] = 1 + (form.minimum > 0 ? valueDepths[form.item] : 0)
                case .object(let fork): valueDepths[number] = 1 + forkDepths[fork]
                }
            }
        }
        return valueDepths
    }

    /// A value's shortest text.
    func text(of value: Int) -> [UInt8] {
        switch values[value] {
        case .fixed(let fork), .object(let fork): text(of: forks[fork][...], after: 0, in: nil)
        case .string(let limits): StringLimits.Place(limits).completion
        case .number(let range): range.completion(at: NumberRange.Place())
        case .alternatives(let alternatives): shortest(of: alternatives).map { text(of: $0) } ?? []
        case .array(let form):
            text(of: Self.start(of: form), after: 0, in: ArrayPlace(value: value, needed: form.minimum, left: nil))
        }
    }

    /// The shortest text from a place in a fork to the end of the value, the fork's array included.
    func text(of branches: GrammarFork.SubSequence, after depth: Int, in array: ArrayPlace?) -> [UInt8] {
        guard let branch = shortest(of: branches, after: depth, in: array) else { return [] }
        let text = Array(branch.text[depth...])
        switch branch.exit {
        case .end: return text
        case .member(let value, let next): return text + self.text(of: value) + rest(of: next)
        case .item: return text + (array.map { self.text(of: item(of: $0)) + rest(of: $0.afterItem) } ?? [])
        }
    }

    /// The shortest text from a fork's beginning to the end of its value.
    func rest(of fork: Int) -> [UInt8] { text(of: forks[fork][...], after: 0, in: nil) }

    /// The shortest text from behind an element to the end of the array.
    func rest(of array: ArrayPlace) -> [UInt8] {
        let element = array.needed > 0 ? Array(", ".utf8) + text(of: item(of: array)) : []
        return Array(repeatElement(element, count: array.needed).joined()) + "]".utf8
    }

    private func item(of array: ArrayPlace) -> Int {
        guard case .array(let form) = values[array.value] else { preconditionFailure("no array") }
        return form.item
    }

    private static func start(of form: ArrayForm) -> GrammarFork.SubSequence {
        form.minimum > 0 ? GrammarBranch.arrayStart[..<1] : GrammarBranch.arrayStart[1...]
    }

    // MARK: Lengths

    private func shortest(of alternatives: [Int]) -> Int? {
        alternatives.min { valueLengths[$0] < valueLengths[$1] }
    }

    private func shortest(
        of branches: GrammarFork.SubSequence, after depth: Int, in array: ArrayPlace?
    ) -> GrammarBranch? {
        branches.min { length(of: $0, after: depth, in: array) < length(of: $1, after: depth, in: array) }
    }

    private func length(of branch: GrammarBranch, after depth: Int, in array: ArrayPlace?) -> Int {
        let text = branch.text.count - depth
        switch branch.exit {
        case .end: return Self.sum(text)
        case .member(let value, let next): return Self.sum(text, valueLengths[value], forkLengths[next])
        case .item:
            guard let array else { return Self.endless }
            let element = valueLengths[item(of: array)]
            return Self.sum(text, element, Self.elements(array.afterItem.needed, of: element), 1)
        }
    }

    private func length(of value: GrammarValue) -> Int {
        switch value {
        case .fixed(let fork), .object(let fork): forkLengths[fork]
        case .string(let limits): Self.sum(2 + Int(limits.minimum))
        case .number(let range): range.completion(at: NumberRange.Place()).count
        case .alternatives(let alternatives): shortest(of: alternatives).map { valueLengths[$0] } ?? Self.endless
        case .array(let form):
            form.minimum == 0
                ? 2
                : Self.sum(2, valueLengths[form.item], Self.elements(form.minimum - 1, of: valueLengths[form.item]))
        }
    }

    /// Elements of an array, each behind a comma and a space.
    private static func elements(_ count: Int, of length: Int) -> Int {
        count == 0 ? 0 : length >= endless ? endless : sum(min(count, longest) * (2 + length))
    }

    private static func sum(_ lengths: Int...) -> Int {
        let sum = lengths.reduce(0, +)
        return sum >= endless ? endless : min(sum, longest)
    }
}
