import CKernels
import Foundation
import LanguageModel

extension TinyModel {
    /// The tensor types that a tiny model's matrices can have.
    enum Weights: String, CaseIterable {
        case f32, f16, bf16, q4_0, q4_1, q4_k, q5_0, q5_1, q5_k, q6_k, q8_0

        /// ggml's number.
        var type: UInt32 {
            switch self {
            case .f32: 0
            case .f16: 1
            case .q4_0: 2
            case .q4_1: 3
            case .q5_0: 6
            case .q5_1: 7
            case .q8_0: 8
            case .q4_k: 12
            case .q5_k: 13
            case .q6_k: 14
            case .bf16: 30
            }
        }

        /// Numbers of a block.
        var numbers: Int { [.q4_k, .q5_k, .q6_k].contains(self) ? 256 : 32 }

        /// Bytes of a block.
        var bytes: Int {
            switch self {
            case .f32: 128
            case .f16, .bf16: 64
            case .q4_0: 18
            case .q4_1: 20
            case .q5_0: 22
            case .q5_1: 24
            case .q8_0: 34
            case .q4_k: 144
            case .q5_k: 176
            case .q6_k: 210
            }
        }

        /// The half-precision numbers in a block of random bits that give weights between -0.3 and 0.3, most of them
        /// around 0.
        private var halves: [(offset: Int, value: Float16)] {
            switch self {
            case .f32, .f16, .bf16: []
            case .q4_0: [(0, 0x1p-6)]
            case .q4_1: [(0, 0x1p-6), (2, -0x1.ep-4)]
            case .q5_0: [(0, 0x1p-7)]
            case .q5_1: [(0, 0x1p-7), (2, -0x1.fp-4)]
            case .q8_0: [(0, 0x1p-10)]
            case .q4_k: [(0, 0x1p-11), (2, 0x1.ep-9)]
            case .q5_k: [(0, 0x1p-12), (2, 0x1.fp-9)]
            case .q6_k: [(208, 0x1p-14)]
            }
        }

        func unpack(_ block: [UInt8]) -> [Float] {
            let unpack =
                switch self {
                case .f32: ck_unpack_f32
                case .f16: ck_unpack_f16
                case .bf16: ck_unpack_bf16
                case .q4_0: ck_unpack_q4_0
                case .q4_1: ck_unpack_q4_1
                case .q4_k: ck_unpack_q4_k
                case .q5_0: ck_unpack_q5_0
                case .q5_1: ck_unpack_q5_1
                case .q5_k: ck_unpack_q5_k
                case .q6_k: ck_unpack_q6_k
                case .q8_0: ck_unpack_q8_0
                }
            var values = [Float](repeating: 0, count: numbers)
            unpack(block, Int64(numbers), &values)
            return values
        }

        /// A block of weights as stored.
        func block(_ random: inout SplitMix64) -> [UInt8] {
            switch self {
            case .f32: return (0..<32).flatMap { _ in GGUFWriter.little(random.number().bitPattern) }
            case .f16: return (0..<32).flatMap { _ in GGUFWriter.little(Float16(random.number()).bitPattern) }
            case .bf16: return (0..<32).flatMap { _ in GGUFWriter.little(random.number().bitPattern).suffix(2) }
            default:
                var block = (0..<bytes).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
                for (offset, value) in halves {
                    block.replaceSubrange(offset..<offset + 2, with: GGUFWriter.little(value.bitPattern))
                }
                return block
            }
        }

        /// Makes the last number, scale or minimum of a block infinite.
        func breakLast(_ block: inout [UInt8]) {
            let infinity =
                switch self {
                case .f32: GGUFWriter.little((-Float.infinity).bitPattern)
                case .bf16: GGUFWriter.little(UInt16(0x7f80))
                default: GGUFWriter.little(Float16.infinity.bitPattern)
                }
            let offset = halves.last?.offset ?? block.count - infinity.count
            block.replaceSubrange(offset..<offset + infinity.count, with: infinity)
        }
    }
}

extension SplitMix64 {
    /// A number in -0.2..<0.2.
    mutating func number() -> Float { (Float(next() >> 40) * 0x1p-23 - 1) * 0.2 }
}
