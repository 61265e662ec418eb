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
                let inner = shape.blocks * format.numbers
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
                let inputs = noise.floats(shape.tokens * shape.blocks * format.numbers)
                let reference = product(try instructionSets()[0], format, bytes, inputs, shape)
                for kernels in try instructionSets() {
                    let together = product(kernels, format, bytes, inputs, shape)
                    XCTAssertEqual(together, reference, "\(format) \(title(kernels)) \(shape)")
                    var alone: [Float] = []
                    for token in 0..<shape.tokens {
                        let inner = shape.blocks * format.numbers
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
        for format in BlockFormat.allCases {
            let blocks = 768 / format.numbers
            var inputs = noise.floats(768)
            for index in 0..<32 { inputs[index] *= 1000 }
            let bytes = format.rows(16, blocks: blocks, noise: &noise)
            let weights = format.unpack(bytes, count: 16 * inputs.count)
            for kernels in try instructionSets() {
                let outputs = product(kernels, format, bytes, inputs, (16, blocks, 1))
                for row in 0..<16 {
                    let w = weights[row * inputs.count..<(row + 1) * inputs.count]
                    let sum = w.reduce(0) { $0 + Double(abs($1)) }
                    let sumOfLarge = w.prefix(32).reduce(0) { $0 + Double(abs($1)) }
                    let bound = sum * 0.6 / 127 + sumOfLarge * 1000 / 127 / 254
                    XCTAssertEqual(Double(outputs[row]), dot(w, inputs[...]), accuracy: bound, title(kernels))
                }
            }
        }
    }

    func testExtremeQuantsDoNotSaturate() throws {
        func ones(_ count: Int) -> [UInt8] { Array(repeating: 0xff, count: count) }
        let (one, none): ([UInt8], [UInt8]) = ([0, 0x3c], [0, 0])
        // Factors of 1 for the scale of each group, of 0 for its minimum.
        let factors: [UInt8] = [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]
        let rows: [(BlockFormat, [UInt8], weight: Float)] = [
            (.q8_0, one + Array(repeating: 0x80, count: 32), -128),
            (.q4_1, one + none + ones(16), 15),
            (.q4_k, one + none + factors + ones(128), 15),
            (.q5_1, one + none + ones(20), 31),
            (.q5_k, one + none + factors + ones(160), 31),
            (.q6_k, ones(192) + Array(repeating: 1, count: 16) + one, 31),
            (.q6_k, Array(repeating: 0, count: 192) + Array(repeating: 1, count: 16) + one, -32),
        ]
        // Largest weights against largest activations, all of one sign.
        for sign in [Float(1), -1] {
            for (format, row, weight) in rows {
                let inputs = [Float](repeating: sign, count: format.numbers)
                let expected = weight * Float(format.numbers) * sign
                for kernels in try instructionSets() {
                    XCTAssertEqual(
                        product(kernels, format, row, inputs, (1, 1, 1))[0], expected, accuracy: 0.01, "\(format)")
                }
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
            var packedUpperHalves = packedHalves
            let upperHalves = weights.map { UInt16($0.bitPattern >> 16) }
            weights.withUnsafeBytes { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_pack_32(base, Int64(shape.rows), Int64(inner), &packedFloats)
            }
            halves.withUnsafeBytes { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_pack_16(base, Int64(shape.rows), Int64(inner), &packedHalves)
            }
            upperHalves.withUnsafeBytes { bytes in
                guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
                ck_pack_16(base, Int64(shape.rows), Int64(inner), &packedUpperHalves)
            }
            var references: [[Float]] = []
            for kernels in try instructionSets() {
                var single = [Float](repeating: .nan, count: shape.rows * shape.tokens)
                var half = single
                var upperHalf = single
                kernels.multiply_bf16(
                    packedUpperHalves, inputs, &upperHalf, Int64(inner), Int64(shape.rows), Int64(shape.tokens),
                    Int64(shape.rows))
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
                    // Cut off, not rounded: each weight is up to 2^-7 of itself too small.
                    XCTAssertEqual(Double(upperHalf[index]), exact, accuracy: 0.5)
                }
                if references.isEmpty { references = [single, half, upperHalf] }
                XCTAssertEqual([single, half, upperHalf], references, title(kernels))
            }
        }
    }

    /// Packs, quantises and multiplies; what was not to be written must still be as it was.
    private func product(
        _ kernels: ck_kernels, _ format: BlockFormat, _ bytes: [UInt8], _ inputs: [Float],
        _ shape: (rows: Int, blocks: Int, tokens: Int)
    ) -> [Float] {
        let numbers = shape.blocks * format.numbers
        var activations = [ck_activation_block](repeating: ck_activation_block(), count: shape.tokens * numbers / 32)
        for token in 0..<shape.tokens {
            let row = Array(inputs[token * numbers..<(token + 1) * numbers])
            kernels.quantize(row, Int64(row.count), &activations[token * numbers / 32])
        }
        let stride = shape.rows + 3
        var outputs = [Float](repeating: 12345, count: stride * shape.tokens)
        format.multiply(
            kernels, bytes, activations, rows: shape.rows, blocks: shape.blocks, tokens: shape.tokens, stride: stride,
            into: &outputs)
        var result: [Float] = []
        for token in 0..<shape.tokens {
            result += outputs[token * stride..<token * stride + shape.rows]
            XCTAssertEqual(Array(outputs[token * stride + shape.rows..<(token + 1) * stride]), [12345, 12345, 12345])
        }
        return result
    }
}
