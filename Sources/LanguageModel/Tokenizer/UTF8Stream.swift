/// Turns bytes that arrive in pieces into text, so that no character is shown before all of its bytes are there.
public struct UTF8Stream: Sendable {
    /// The beginning of a character; at most three bytes.
    private var pending: [UInt8] = []

    /// Creates a stream at the beginning of a text.
    public init() {}

    /// The characters that the bytes complete. Ill-formed bytes become U+FFFD, as `String(decoding:as:)` does it.
    public mutating func append(_ bytes: some Sequence<UInt8>) -> String {
        pending.append(contentsOf: bytes)
        let complete = pending.count - unfinishedBytes
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// What an unfinished character at the end of the text becomes: U+FFFD, or nothing if there is none.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end may be the beginning of a character.
    private var unfinishedBytes: Int {
        for (index, byte) in pending.reversed().prefix(3).enumerated() where byte & 0b1100_0000 != 0b1000_0000 {
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length > index + 1 ? index + 1 : 0
        }
        return 0
    }
}
