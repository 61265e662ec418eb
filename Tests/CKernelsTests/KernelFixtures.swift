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

/// The three block formats of the tests, as ggml lays them out.
enum BlockFormat: CaseIterable {
    case q4_0, q4_1, q8_0

    var bytesPerBlock: Int {
        switch self {
        case .q4_0: 18
        case .q4_1: 20
        case .q8_0: 34
        }
    }

    /// Rows of random quants with sensible scales.
    func rows(_ rows: Int, blocks: Int, noise: inout Noise) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<rows * blocks {
            var block = noise.bytes(bytesPerBlock)
            block.replaceSubrange(0..<2, with: half(noise.float() * 0.1))
            if self == .q4_1 { block.replaceSubrange(2..<4, with: half(noise.float())) }
            bytes += block
        }
        return bytes
    }

    /// The rows as plain numbers.
    func unpack(_ bytes: [UInt8], count: Int) -> [Float] {
        var out = [Float](repeating: 0, count: count)
        switch self {
        case .q4_0: ck_unpack_q4_0(bytes, Int64(count), &out)
        case .q4_1: ck_unpack_q4_1(bytes, Int64(count), &out)
        case .q8_0: ck_unpack_q8_0(bytes, Int64(count), &out)
        }
        return out
    }

    private func half(_ value: Float) -> [UInt8] {
        var bits: UInt16 = 0
        ck_store_halves([value], 1, &bits, 1)
        return [UInt8(bits & 255), UInt8(bits >> 8)]
    }
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
