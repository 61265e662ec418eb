/// What the pre-tokenizers' patterns ask of a character.
enum ScalarClass: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// U+0020
    case space
    /// U+000D or U+000A
    case lineBreak
    /// Any other `\s`.
    case whitespace
    /// Everything else.
    case other

    var isWhitespace: Bool { self == .space || self == .lineBreak || self == .whitespace }

    init(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            self = Self.ascii[Int(scalar.value)]
        } else {
            self.init(unicode: scalar)
        }
    }

    /// Nearly all text; the general category costs a search.
    private static let ascii = (UInt8(0)..<128).map { ScalarClass(unicode: Unicode.Scalar($0)) }

    private init(unicode scalar: Unicode.Scalar) {
        switch scalar {
        case " ": self = .space
        case "\r", "\n": self = .lineBreak
        case _ where scalar.properties.isWhitespace: self = .whitespace
        default:
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = .other
            }
        }
    }
}

/// A text as the pre-tokenizers read it: its bytes, and each character's class and place among them.
struct ClassifiedText {
    /// The text in UTF-8.
    let bytes: ArraySlice<UInt8>
    /// One class a character.
    private(set) var classes: [ScalarClass] = []
    /// Where each character begins in `bytes`, and the end at last: one more than classes.
    private(set) var offsets: [Int] = []

    /// Bytes that are no UTF-8 become characters of class `other`, each with the bytes that made it ill-formed.
    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        classes.reserveCapacity(bytes.count)
        offsets.reserveCapacity(bytes.count + 1)
        var position = bytes.startIndex
        while position < bytes.endIndex {
            offsets.append(position)
            if bytes[position] < 0x80 {
                classes.append(ScalarClass(Unicode.Scalar(bytes[position])))
                position += 1
            } else {
                let (scalar, length) = Self.decode(bytes[position...])
                classes.append(ScalarClass(scalar))
                position += length
            }
        }
        offsets.append(position)
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, length: Int) {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        switch decoder.parseScalar(from: &iterator) {
        case .valid(let encoded): return (Unicode.UTF8.decode(encoded), encoded.count)
        case .error(let length): return ("\u{FFFD}", max(1, length))
        case .emptyInput: return ("\u{FFFD}", 1)
        }
    }
}
