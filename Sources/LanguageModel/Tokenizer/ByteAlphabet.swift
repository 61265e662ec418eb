/// GPT-2's alphabet: one printable character for each byte, so that vocabularies and merges can be kept as text.
///
/// Bytes that print stand for themselves; the others get the characters from U+0100 on, in order: the space is `Ġ`.
/// From `bytes_to_unicode` in <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.
enum ByteAlphabet {
    /// The byte that each character from U+0000 to U+0143 stands for; -1 for characters outside the alphabet.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        var next = 0x100
        for byte in 0..<256 {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                bytes[byte] = Int16(byte)
            default:
                bytes[next] = Int16(byte)
                next += 1
            }
        }
        return bytes
    }()

    /// The bytes that a token's text stands for, or `nil` when a character is not of the alphabet.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < bytes.count, bytes[Int(scalar.value)] >= 0 else { return nil }
            decoded.append(UInt8(bytes[Int(scalar.value)]))
        }
        return decoded
    }
}
