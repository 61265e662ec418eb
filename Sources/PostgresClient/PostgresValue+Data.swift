public import Foundation

/// `bytea` in its hex form: `\x` and two digits for each byte.
extension Data: PostgresArrayElement {
    public var postgresText: String? {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 2 + 2 * count) { text in
            text[0] = UInt8(ascii: "\\")
            text[1] = UInt8(ascii: "x")
            var end = 2
            for byte in self {
                text[end] = digits[Int(byte >> 4)]
                text[end + 1] = digits[Int(byte & 15)]
                end += 2
            }
            return end
        }
    }

    public init?(postgresText text: String?) {
        guard let text, text.hasPrefix("\\x"), text.utf8.count.isMultiple(of: 2) else { return nil }
        self.init(capacity: text.utf8.count / 2 - 1)
        var high: UInt8?
        for digit in text.utf8.dropFirst(2) {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init) else { return nil }
            if let half = high {
                append(half << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
    }
}
