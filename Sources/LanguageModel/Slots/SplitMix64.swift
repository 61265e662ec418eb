/// The random numbers behind every draw: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014). Ours, because a generation must be the same when it is replayed years later, and no library
/// promises that of its generator.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts at a seed; every seed is as good as any other.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to 1, without 1, in steps of 2⁻⁵³.
    public mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

extension UInt64 {
    /// The seed of one attempt at one slot, taken from a generation's seed: so a slot's text depends neither on how
    /// often an earlier slot was tried nor on how many numbers it drew.
    public func mixed(slot: Int, attempt: Int) -> UInt64 {
        var outer = SplitMix64(seed: self)
        var middle = SplitMix64(seed: outer.next() ^ UInt64(truncatingIfNeeded: slot))
        var inner = SplitMix64(seed: middle.next() ^ UInt64(truncatingIfNeeded: attempt))
        return inner.next()
    }
}
