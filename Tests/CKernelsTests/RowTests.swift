import CKernels
import XCTest

/// What runs along one row: rounding, norms, activations, rotation, attention.
final class RowTests: XCTestCase {
    func testHalfPrecisionRoundsToNearestEven() {
        for bits in UInt16.min...UInt16.max {
            var value: Float = 0
            withUnsafeBytes(of: bits) { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_unpack_f16(base, 1, &value)
            }
            var back: UInt16 = 0
            ck_store_halves([value], 1, &back, 1)
            if value.isNaN { XCTAssertEqual(back & 0x7c00, 0x7c00) } else { XCTAssertEqual(back, bits) }
        }
        let cases: [(Float, UInt16)] = [
            (1 + 0x1p-11, 0x3c00), (1 + 0x1.8p-10, 0x3c02), (65519, 0x7bff), (65520, 0x7c00), (0x1p-25, 0),
            (0x1.8p-24, 2), (-1e9, 0xfc00),
        ]
        for (value, expected) in cases {
            var half: UInt16 = 0
            ck_store_halves([value], 1, &half, 1)
            XCTAssertEqual(half, expected, "\(value)")
        }
    }

    func testQuantizeKeepsScaleSumAndQuants() throws {
        var noise = Noise(4)
        var x = noise.floats(32 * 5, scale: 3)
        for index in 64..<96 { x[index] = 0 }
        x[17] = 40
        for kernels in try instructionSets() {
            var blocks = [ck_activation_block](repeating: ck_activation_block(), count: 5)
            kernels.quantize(x, Int64(x.count), &blocks)
            XCTAssertEqual(blocks.map(\.fine), [1, 0, 0, 0, 0], "far above the others")
            for (index, block) in blocks.enumerated() {
                let part = x[index * 32..<(index + 1) * 32]
                let largest = part.map(abs).max() ?? 0
                let high = withUnsafeBytes(of: block.high) { $0.map { Int32(Int8(bitPattern: $0)) } }
                let low = withUnsafeBytes(of: block.low) { $0.map { Int32(Int8(bitPattern: $0)) } }
                let quants = block.fine == 0 ? high : zip(high, low).map { 254 * $0 + $1 }
                XCTAssertTrue((block.fine == 0 ? high : high + low).allSatisfy { (-127...127).contains($0) })
                XCTAssertEqual(block.scale, block.fine == 0 ? largest / 127 : largest / (127 * 254))
                XCTAssertEqual(block.total, quants.reduce(0, +))
                XCTAssertEqual(block.sum, block.scale * Float(block.total))
                for (q, value) in zip(quants, part) {
                    XCTAssertEqual(Float(q) * block.scale, value, accuracy: block.scale * 0.6)
                }
            }
        }
    }

    func testEqualBlocksHaveOneDigit() throws {
        for kernels in try instructionSets() {
            var blocks = [ck_activation_block](repeating: ck_activation_block(), count: 3)
            kernels.quantize([Float](repeating: 1, count: 96), 96, &blocks)
            XCTAssertEqual(blocks.map(\.fine), [0, 0, 0], title(kernels))
        }
    }

    func testNormActivationAndSumsHaveTheSameBits() throws {
        var noise = Noise(5)
        for count in [1, 16, 31, 64, 577] {
            let x = noise.floats(count, scale: 20)
            let weight = noise.floats(count)
            var reference: [[Float]] = []
            for kernels in try instructionSets() {
                var normed = [Float](repeating: 0, count: count)
                kernels.rms_norm(x, weight, 1e-5, Int64(count), &normed)
                var gate = x
                kernels.silu_product(&gate, weight, Int64(count))
                var tanhGate = x
                kernels.gelu_product(&tanhGate, weight, Int64(count))
                let sum = kernels.log_sum_exp(x, Int64(count))
                let factor = 1 / (dot(x[...], x[...]) / Double(count) + 1e-5).squareRoot()
                for i in 0..<count {
                    let g = Double(x[i])
                    XCTAssertEqual(Double(normed[i]), g * factor * Double(weight[i]), accuracy: 1e-5)
                    XCTAssertEqual(Double(gate[i]), g / (1 + exp(-g)) * Double(weight[i]), accuracy: 1e-5)
                    let gelu = g / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (g + 0.044715 * g * g * g)))
                    XCTAssertEqual(Double(tanhGate[i]), gelu * Double(weight[i]), accuracy: 1e-5)
                }
                XCTAssertEqual(Double(sum), log(x.reduce(0) { $0 + exp(Double($1)) }), accuracy: 1e-4)
                if reference.isEmpty { reference = [normed, gate, tanhGate, [sum]] }
                XCTAssertEqual([normed, gate, tanhGate, [sum]], reference, title(kernels))
            }
        }
    }

    func testRotationTurnsPairs() throws {
        for kernels in try instructionSets() {
            var x: [Float] = [1, 0, 0, 2, 3, 4, 5, 6]
            kernels.rotate_neighbours(&x, [0, 1], [1, 0], 2, 4)
            XCTAssertEqual(x, [0, 1, 0, 2, -4, 3, 5, 6], title(kernels))
            x = [1, 0, 0, 2, 3, 4, 5, 6]
            kernels.rotate_halves(&x, [0, 1], [1, 0], 2, 4)
            XCTAssertEqual(x, [0, 0, 1, 2, -5, 4, 3, 6], title(kernels))
        }
    }
}
