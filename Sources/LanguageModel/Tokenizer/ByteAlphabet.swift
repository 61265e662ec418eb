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

    /// Appends the bytes that a token's text, in UTF-8, stands for. `false` when a character is not of the alphabet;
    /// what was appended is then of no use.
    static func decode(_ text: some Sequence<UInt8>, into decoded: inout [UInt8]) -> Bool {
        // The alphabet's characters have one or two bytes: 0xxxxxxx, or 110xxxxx 10xxxxxx.
        var first: UInt8?
        for byte in text {
            var value = Int(byte)
            if let first {
                value = Int(first & 0b1_1111) << 6 | Int(byte & 0b11_1111)
            } else if byte >= 0x80 {
                guard byte & 0b1110_0000 == 0b1100_0000 else { return false }
                first = byte
                continue
            }
            first = nil
            guard value < bytes.count, bytes[value] >= 0 else { return false }
            decoded.append(UInt8(bytes[value]))
        }
        return true
    }
}
