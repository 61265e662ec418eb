import CKernels
import XCTest

/// Matrix products: right against double precision, and the same bits in every instruction set and tile.
final class ProductTests: XCTestCase {
    /// Odd numbers of rows, blocks and tokens, around the sizes of panels and tiles.
    private let shapes: [(rows: Int, blocks: Int, tokens: Int)] = [
        (1, 1, 1), (15, 2, 3), (16, 1, 8), (17, 3, 9), (33, 5, 7), (48, 18, 1), (40, 7, 15), (5, 48, 23),
    ]

    func testQuantizedProductsAreWithinTheRoundingOfActivations() throws {
        var noise = Noise(1)
        for format in BlockFormat.allCases {
            for shape in shapes {
                let inner = shape.blocks * 32
                let bytes = format.rows(shape.rows, blocks: shape.blocks, noise: &noise)
                let weights = format.unpack(bytes, count: shape.rows * inner)
                let inputs = noise.floats(shape.tokens * inner)
                for kernels in try instructionSets() {
                    let outputs = product(kernels, format, bytes, inputs, shape)
                    for token in 0..<shape.tokens {
                        for row in 0..<shape.rows {
                            let w = weights[row * inner..<(row + 1) * inner]
                            let x = inputs[token * inner..<(token + 1) * inner]
                            // Each activation is off by about half a step of 1/127 of its block's largest.
                            let bound = w.reduce(0) { $0 + Double(abs($1)) } * 0.6 / 127 + 1e-4
                            XCTAssertEqual(
                                Double(outputs[token * shape.rows + row]), dot(w, x), accuracy: bound,
                                "\(format) \(title(kernels)) \(shape)")
                        }
                    }
                }
            }
        }
    }

    func testQuantizedProductsHaveTheSameBitsEverywhere() throws {
        var noise = Noise(2)
        for format in BlockFormat.allCases {
            for shape in shapes {
                let bytes = format.rows(shape.rows, blocks: shape.blocks, noise: &noise)
                let inputs = noise.floats(shape.tokens * shape.blocks * 32)
                let reference = product(try instructionSets()[0], format, bytes, inputs, shape)
                for kernels in try instructionSets() {
                    let together = product(kernels, format, bytes, inputs, shape)
                    XCTAssertEqual(together, reference, "\(format) \(title(kernels)) \(shape)")
                    var alone: [Float] = []
                    for token in 0..<shape.tokens {
                        let inner = shape.blocks * 32
                        let one = Array(inputs[token * inner..<(token + 1) * inner])
                        alone += product(kernels, format, bytes, one, (shape.rows, shape.blocks, 1))
                    }
                    XCTAssertEqual(alone, reference, "one by one: \(format) \(title(kernels)) \(shape)")
                }
            }
        }
    }

    func testTheSecondDigitOfARowsLargestBlocksCounts() throws {
        // One block a thousand times the others: with one digit its rounding alone would be 30 times the bound.
        var noise = Noise(9)
        var inputs = noise.floats(18 * 32)
        for index in 0..<32 { inputs[index] *= 1000 }
        for format in BlockFormat.allCases {
            let bytes = format.rows(16, blocks: 18, noise: &noise)
            let weights = format.unpack(bytes, count: 16 * inputs.count)
            for kernels in try instructionSets() {
                let outputs = product(kernels, format, bytes, inputs, (16, 18, 1))
                for row in 0..<16 {
                    let w = weights[row * inputs.count..<(row + 1) * inputs.count]
                    let sum = w.reduce(0) { $0 + Double(abs($1)) }
                    let bound = sum * 0.6 / 127 + sum / 18 * 1000 / 127 / 254
                    XCTAssertEqual(Double(outputs[row]), dot(w, inputs[...]), accuracy: bound, title(kernels))
                }
            }
        }
    }

    func testExtremeQuantsDoNotSaturate() throws {
        // Largest weights against largest activations of both signs: -128 · 127 and 15 · 127, all of one sign.
        for sign in [Float(1), -1] {
            let inputs = [Float](repeating: sign, count: 32)
            var row: [UInt8] = [0, 0x3c] + [UInt8](repeating: 0x80, count: 32)
            for kernels in try instructionSets() {
                XCTAssertEqual(product(kernels, .q8_0, row, inputs, (1, 1, 1))[0], -128 * 32 * sign, accuracy: 0.01)
            }
            row = [0, 0x3c, 0, 0] + [UInt8](repeating: 0xff, count: 16)
            for kernels in try instructionSets() {
                XCTAssertEqual(product(kernels, .q4_1, row, inputs, (1, 1, 1))[0], 15 * 32 * sign, accuracy: 0.01)
            }
        }
    }

    func testFloatingPointProducts() throws {
        var noise = Noise(3)
        for shape in shapes {
            let inner = shape.blocks * 7
            let weights = noise.floats(shape.rows * inner)
            var halves = [UInt16](repeating: 0, count: weights.count)
            ck_store_halves(weights, Int64(weights.count), &halves, 1)
            let inputs = noise.floats(shape.tokens * inner)
            let panels = (shape.rows + 15) / 16 * 16 * inner
            var packedFloats = [Float](repeating: .nan, count: panels)
            var packedHalves = [UInt16](repeating: .max, count: panels)
            weights.withUnsafeBytes { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_pack_f32(base, Int64(shape.rows), Int64(inner), &packedFloats)
            }
            halves.withUnsafeBytes { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_pack_f16(base, Int64(shape.rows), Int64(inner), &packedHalves)
            }
            var references: [[Float]] = []
            for kernels in try instructionSets() {
                var single = [Float](repeating: .nan, count: shape.rows * shape.tokens)
                var half = single
                kernels.multiply_f32(
                    packedFloats, inputs, &single, Int64(inner), Int64(shape.rows), Int64(shape.tokens),
                    Int64(shape.rows))
                kernels.multiply_f16(
                    packedHalves, inputs, &half, Int64(inner), Int64(shape.rows), Int64(shape.tokens),
                    Int64(shape.rows))
                for index in single.indices {
                    let (token, row) = index.quotientAndRemainder(dividingBy: shape.rows)
                    let exact = dot(
                        weights[row * inner..<(row + 1) * inner], inputs[token * inner..<(token + 1) * inner])
                    XCTAssertEqual(Double(single[index]), exact, accuracy: 1e-4)
                    XCTAssertEqual(Double(half[index]), exact, accuracy: 0.05)
                }
                if references.isEmpty { references = [single, half] }
                XCTAssertEqual([single, half], references, title(kernels))
            }
        }
    }

    /// Packs, quantises and multiplies; what was not to be written must still be as it was.
    private func product(
        _ kernels: ck_kernels, _ format: BlockFormat, _ bytes: [UInt8], _ inputs: [Float],
        _ shape: (rows: Int, blocks: Int, tokens: Int)
    ) -> [Float] {
        let panels = (shape.rows + 15) / 16 * shape.blocks
        var activations = [ck_activation_block](
            repeating: ck_activation_block(), count: shape.blocks * shape.tokens)
        for token in 0..<shape.tokens {
            let row = Array(inputs[token * shape.blocks * 32..<(token + 1) * shape.blocks * 32])
            kernels.quantize(row, Int64(row.count), &activations[token * shape.blocks])
        }
        let stride = shape.rows + 3
        var outputs = [Float](repeating: 12345, count: stride * shape.tokens)
        let (rows, blocks) = (Int64(shape.rows), Int64(shape.blocks))
        if format == .q8_0 {
            var packed = [ck_panel_q8](repeating: ck_panel_q8(), count: panels)
            ck_pack_q8_0(bytes, rows, blocks, &packed)
            kernels.multiply_q8(packed, activations, &outputs, blocks, rows, Int64(shape.tokens), Int64(stride))
        } else {
            var packed = [ck_panel_q4](repeating: ck_panel_q4(), count: panels)
            (format == .q4_0 ? ck_pack_q4_0 : ck_pack_q4_1)(bytes, rows, blocks, &packed)
            kernels.multiply_q4(packed, activations, &outputs, blocks, rows, Int64(shape.tokens), Int64(stride))
        }
        var result: [Float] = []
        for token in 0..<shape.tokens {
            result += outputs[token * stride..<token * stride + shape.rows]
            XCTAssertEqual(Array(outputs[token * stride + shape.rows..<(token + 1) * stride]), [12345, 12345, 12345])
        }
        return result
    }
}
