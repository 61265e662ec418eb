import Foundation

/// Cuts a text into words as BERT's uncased models read them: lower case, without accents, each punctuation mark and
/// each Chinese character a word of its own.
///
/// The rules of `BertNormalizer` and `BertPreTokenizer` in <https://github.com/huggingface/tokenizers>, which are those
/// of BERT's own BasicTokenizer. Unicode's classes are those of Swift's version of Unicode, which is newer: characters
/// that were assigned since can differ.
struct UncasedWords: Sequence, IteratorProtocol {
    private var scalars: String.UnicodeScalarView.Iterator
    /// Words that are cut and not yet given, the next one last.
    private var waiting: [[Unicode.Scalar]] = []
    /// What was read between two spaces so far.
    private var piece: [Unicode.Scalar] = []

    init(_ text: String) { scalars = text.unicodeScalars.makeIterator() }

    /// The next word; never empty. Reads the text no further than it must, so a caller that has enough can stop.
    mutating func next() -> [Unicode.Scalar]? {
        while waiting.isEmpty {
            guard let scalar = scalars.next() else {
                guard !piece.isEmpty else { return nil }
                cutPiece()
                continue
            }
            switch Kind(scalar) {
            case .control: continue
            case .space: cutPiece()
            case .ideograph:
                cutPiece()
                piece.append(scalar)
                cutPiece()
            case .other: piece.append(scalar)
            }
        }
        return waiting.popLast()
    }

    /// Moves the piece, without case and accents, to the front of `waiting`, cut at punctuation.
    private mutating func cutPiece() {
        guard !piece.isEmpty else { return }
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        for scalar in Self.plain(piece) {
            if Self.isPunctuation(scalar) {
                if !word.isEmpty { words.append(word) }
                words.append([scalar])
                word = []
            } else {
                word.append(scalar)
            }
        }
        if !word.isEmpty { words.append(word) }
        waiting = words.reversed() + waiting
        piece.removeAll(keepingCapacity: true)
    }

    private static func plain(_ piece: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard piece.contains(where: { !$0.isASCII }) else { return piece.map(lowercased) }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: piece)
        return String(text).decomposedStringWithCanonicalMapping.unicodeScalars
            .filter { $0.properties.generalCategory != .nonspacingMark }
            .flatMap { $0.isASCII ? [lowercased($0)] : Array($0.properties.lowercaseMapping.unicodeScalars) }
    }

    /// Of an ASCII character.
    private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        case ..<0x80: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}

/// What a character does before words are cut.
private enum Kind {
    /// Left out as if it were not there.
    case control
    case space
    /// Of the Chinese blocks: stands alone.
    case ideograph
    case other

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20: self = .space
        case 0x21...0x7E: self = .other
        case 0xFFFD: self = .control
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            self = .ideograph
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .privateUse: self = .control
            default: self = scalar.properties.isWhitespace ? .space : .other
            }
        }
    }
}
