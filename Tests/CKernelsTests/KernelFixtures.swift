import CKernels
import XCTest

/// A repeatable stream of numbers (SplitMix64).
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func bits() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number in -1..<1.
    mutating func float() -> Float { Float(Int64(bitPattern: bits()) >> 40) / Float(1 << 23) }

    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in float() * scale } }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: bits()) } }
}

/// The instruction sets of this processor; the portable one is always first.
func instructionSets() throws -> [ck_kernels] {
    let sets = [CK_PORTABLE, CK_AVX2, CK_AVX512, CK_NEON].compactMap { ck_kernels_for($0)?.pointee }
    XCTAssertFalse(sets.isEmpty)
    return sets
}

func title(_ kernels: ck_kernels) -> String { String(cString: kernels.name) }

/// The sum of products in double precision.
func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
