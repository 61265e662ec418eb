/// One way to read the bytes so far: where they have led in the innermost value, and the containers around it.
///
/// Mostly there is one. Several live side by side where the bytes do not tell yet which value of an `anyOf` this is, or
/// whether a number has ended.
struct GrammarReading: Sendable, Hashable {
    /// Where a value's bytes have led.
    enum Place: Sendable, Hashable {
        case fork(ForkPlace)
        case string(StringLimits.Place)
        /// With the number of the value, whose range counts.
        case number(NumberRange.Place, value: Int)
    }

    var place: Place
    let container: OpenContainer?
}

/// Where in a fork the bytes so far have led.
struct ForkPlace: Sendable, Hashable {
    enum Fork: Sendable, Hashable {
        /// By its number.
        case compiled(Int)
        case arrayStart(ArrayPlace)
        case arrayNext(ArrayPlace)
    }

    let fork: Fork
    /// The branches that begin with the bytes so far.
    var branches: Range<Int>
    /// How many bytes that is.
    var depth = 0

    /// The array that the fork belongs to.
    var array: ArrayPlace? {
        switch fork {
        case .compiled: nil
        case .arrayStart(let array), .arrayNext(let array): array
        }
    }
}

/// An array that is being written.
struct ArrayPlace: Sendable, Hashable {
    /// The number of the array's value.
    let value: Int
    /// Elements that must still come.
    var needed: Int
    /// Elements that may still come; `nil` without a limit.
    var left: Int?
}

/// A container that is being written; a stack by its links. Readings and states share it, so that a copy is cheap.
final class OpenContainer: Sendable, Hashable {
    /// What comes behind the value inside.
    enum Next: Sendable, Hashable {
        /// The fork of that number.
        case member(fork: Int)
        case item(ArrayPlace)
    }

    let next: Next
    let outer: OpenContainer?
    /// How many containers are open: 1 for the outermost.
    let depth: Int

    init(_ next: Next, in outer: OpenContainer?) {
        self.next = next
        self.outer = outer
        depth = (outer?.depth ?? 0) + 1
    }

    static func == (a: OpenContainer, b: OpenContainer) -> Bool {
        a === b || (a.depth == b.depth && a.next == b.next && a.outer == b.outer)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(next)
        hasher.combine(outer)
    }
}
