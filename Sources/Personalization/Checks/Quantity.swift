/// A number in a text, with what it counts.
struct Quantity: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case plain
        case percent
        /// With the currency's sign.
        case money(String)
        /// Minutes since midnight; unmarked times may be of either half of the day.
        case time(isMarked: Bool)
        /// First, second, 3rd.
        case ordinal
        /// Twice, half.
        case ratio
        /// Dozens, millions: the word itself.
        case vague(String)
    }

    let value: Double
    let kind: Kind
    /// The unit of time or measure that follows.
    let unit: String?
    /// The stems of the words that follow, without the commonest.
    let context: Set<String>
    /// As it stands in the text, for the reason.
    let text: String

    /// Whether this number, in a written text, repeats that one of the inputs. A number may lose its unit, but
    /// neither gain nor change one: 90 seconds are not 90 minutes, and £90 are not 90 people.
    func repeats(_ input: Quantity) -> Bool {
        switch (kind, input.kind) {
        case (.time(let isMarked), .time(let inputIsMarked)):
            let same = value == input.value
            return same
                || !(isMarked && inputIsMarked)
                    && value.truncatingRemainder(dividingBy: 720) == input.value.truncatingRemainder(dividingBy: 720)
        case (.plain, .plain), (.percent, .percent), (.ordinal, .ordinal), (.ratio, .ratio): break
        case (.money(let sign), .money(let inputSign)) where sign == inputSign: break
        case (.vague(let word), .vague(let inputWord)): return word == inputWord
        default: return false
        }
        guard value == input.value, unit == nil || unit == input.unit else { return false }
        guard kind == .plain, unit == nil, input.unit == nil else { return true }
        return context.isEmpty || input.context.isEmpty || !context.isDisjoint(with: input.context)
    }

    /// Whether a text that holds this number has kept that one of its fact, unit and all.
    func keeps(_ fact: Quantity) -> Bool { repeats(fact) && (fact.unit == nil || unit == fact.unit) }
}
