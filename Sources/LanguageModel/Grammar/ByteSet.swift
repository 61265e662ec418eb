/// A set of bytes.
public struct ByteSet: Sendable, Hashable {
    /// Byte b is bit b % 64 of word b / 64.
    private var words = SIMD4<UInt64>()

    /// The empty set.
    public init() {}

    /// Whether a byte is in the set.
    public func contains(_ byte: UInt8) -> Bool { words[Int(byte) / 64] >> (UInt64(byte) % 64) & 1 == 1 }

    /// Adds a byte.
    public mutating func insert(_ byte: UInt8) { words[Int(byte) / 64] |= 1 << (UInt64(byte) % 64) }

    /// Adds neighbouring bytes.
    mutating func insert(_ bytes: ClosedRange<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    /// Adds the bytes of another set.
    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    mutating func remove(_ byte: UInt8) { words[Int(byte) / 64] &= ~(1 << (UInt64(byte) % 64)) }

    /// The only byte of the set; `nil` where there is none or a choice.
    var only: UInt8? {
        guard count == 1, let word = (0..<4).first(where: { words[$0] != 0 }) else { return nil }
        return UInt8(64 * word + words[word].trailingZeroBitCount)
    }

    /// How many are in it.
    public var count: Int { (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } }

    /// The bytes in order.
    public var bytes: [UInt8] { (UInt8.min...UInt8.max).filter(contains) }
}
