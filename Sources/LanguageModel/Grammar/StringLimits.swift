/// How long a string may be, and the automaton of one: a quotation mark, whole UTF-8 characters and escapes, a
/// quotation mark.
///
/// There is no `\u` escape: every character that needs none can be written as itself, and the control characters that
/// have no short escape are in nobody's text. So half a surrogate pair cannot come about.
struct StringLimits: Sendable, Hashable {
    /// Characters (Unicode scalars) at least.
    let minimum: Int32
    /// Characters at most; ``unlimited`` without a limit.
    let maximum: Int32

    static let unlimited = Int32.max

    /// Where in a string the bytes so far have led.
    struct Place: Sendable, Hashable {
        enum Stage: Sendable, Hashable {
            /// Before the first quotation mark.
            case start
            /// Between characters.
            case inside
            /// Behind a backslash.
            case escape
            /// Inside a character: how many bytes it still has, and the bounds of the next one.
            case character(rest: UInt8, low: UInt8, high: UInt8)
        }

        var stage = Stage.start
        /// Characters that must still come.
        var needed: Int32
        /// Characters that may still come; ``StringLimits/unlimited`` stays as it is.
        var left: Int32

        init(_ limits: StringLimits) {
            needed = limits.minimum
            left = limits.maximum
        }

        /// The bytes that may come next.
        var allowedBytes: ByteSet {
            switch stage {
            case .start: return Self.quote
            case .escape: return Self.escapes
            case .character(_, let low, let high):
                var bytes = ByteSet()
                bytes.insert(low...high)
                return bytes
            case .inside:
                var bytes = left > 0 ? Self.beginnings : ByteSet()
                if needed == 0 { bytes.insert(UInt8(ascii: "\"")) }
                return bytes
            }
        }

        /// Takes an allowed byte. Returns whether the string has ended.
        mutating func take(_ byte: UInt8) -> Bool {
            switch stage {
            case .start, .escape:
                stage = .inside
            case .character(let rest, _, _):
                stage = rest > 1 ? .character(rest: rest - 1, low: 0x80, high: 0xBF) : .inside
            case .inside:
                guard byte != UInt8(ascii: "\"") else { return true }
                needed = max(0, needed - 1)
                if left != unlimited { left -= 1 }
                stage = Self.stage(after: byte)
            }
            return false
        }

        /// A shortest text that ends the string from here.
        var completion: [UInt8] {
            var text: [UInt8]
            switch stage {
            case .start: text = [UInt8(ascii: "\"")]
            case .inside: text = []
            case .escape: text = [UInt8(ascii: "n")]
            case .character(let rest, let low, _): text = [low] + repeatElement(0x80, count: Int(rest) - 1)
            }
            text += repeatElement(UInt8(ascii: "."), count: Int(needed))
            return text + [UInt8(ascii: "\"")]
        }

        /// The stage behind a character's first byte (Unicode 16.0, table 3-7: well-formed UTF-8).
        private static func stage(after byte: UInt8) -> Stage {
            switch byte {
            case UInt8(ascii: "\\"): .escape
            case 0xC2...0xDF: .character(rest: 1, low: 0x80, high: 0xBF)
            case 0xE0: .character(rest: 2, low: 0xA0, high: 0xBF)
            case 0xED: .character(rest: 2, low: 0x80, high: 0x9F)
            case 0xE1...0xEF: .character(rest: 2, low: 0x80, high: 0xBF)
            case 0xF0: .character(rest: 3, low: 0x90, high: 0xBF)
            case 0xF4: .character(rest: 3, low: 0x80, high: 0x8F)
            case 0xF1...0xF3: .character(rest: 3, low: 0x80, high: 0xBF)
            default: .inside
            }
        }

        private static let quote: ByteSet = {
            var bytes = ByteSet()
            bytes.insert(UInt8(ascii: "\""))
            return bytes
        }()

        private static let escapes: ByteSet = {
            var bytes = ByteSet()
            for byte in "\"\\/bfnrt".utf8 { bytes.insert(byte) }
            return bytes
        }()

        /// The bytes that a character of a string can begin with, the backslash included.
        private static let beginnings: ByteSet = {
            var bytes = ByteSet()
            bytes.insert(0x20...0x7F)
            bytes.insert(0xC2...0xF4)
            bytes.remove(UInt8(ascii: "\""))
            return bytes
        }()
    }
}
