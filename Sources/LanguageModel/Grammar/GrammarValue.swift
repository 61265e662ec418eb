/// What one place of a document may hold, compiled. Values refer to each other by their number, so that a schema may
/// refer to itself.
enum GrammarValue: Sendable, Hashable {
    /// One of several texts: constants and enumerations. The number is a fork's, each branch of which ends the value.
    case fixed(fork: Int)
    case string(StringLimits)
    case number(NumberRange)
    case array(ArrayForm)
    /// The number of the fork at the object's beginning.
    case object(fork: Int)
    /// Any of several values. Compiled grammars name none of this kind among them.
    case alternatives([Int])

    /// Whether other values can lie inside.
    var isContainer: Bool {
        switch self {
        case .array, .object: true
        case .fixed, .string, .number, .alternatives: false
        }
    }
}

/// An array of like elements.
struct ArrayForm: Sendable, Hashable {
    /// The number of the elements' value.
    let item: Int
    let minimum: Int
    /// `nil` where the schema sets none.
    let maximum: Int?
}

/// A choice between fixed texts, and what follows each. No two texts of a fork are equal, and they are sorted by their
/// bytes, so that those with a common beginning are neighbours.
typealias GrammarFork = [GrammarBranch]

/// One text of a fork.
struct GrammarBranch: Sendable, Hashable {
    enum Exit: Sendable, Hashable {
        /// The value ends.
        case end
        /// A member's value, and then the fork of that number.
        case member(value: Int, next: Int)
        /// An element of the array that the fork belongs to.
        case item
    }

    let text: [UInt8]
    let exit: Exit

    init(_ text: some Sequence<UInt8>, _ exit: Exit) {
        self.text = Array(text)
        self.exit = exit
    }
}

extension GrammarBranch {
    /// Where every array begins.
    static let arrayStart: GrammarFork = [GrammarBranch("[".utf8, .item), GrammarBranch("[]".utf8, .end)]
    /// What stands behind an array's element.
    static let arrayNext: GrammarFork = [GrammarBranch(", ".utf8, .item), GrammarBranch("]".utf8, .end)]
}
