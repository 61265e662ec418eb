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
        for kernels in try instructionSets() {
            var blocks = [ck_activation_block](repeating: ck_activation_block(), count: 5)
            kernels.quantize(x, Int64(x.count), &blocks)
            for (index, block) in blocks.enumerated() {
                let part = x[index * 32..<(index + 1) * 32]
                let largest = part.map(abs).max() ?? 0
                let high = withUnsafeBytes(of: block.high) { $0.map { Int32(Int8(bitPattern: $0)) } }
                let low = withUnsafeBytes(of: block.low) { $0.map { Int32(Int8(bitPattern: $0)) } }
                XCTAssertTrue((high + low).allSatisfy { (-127...127).contains($0) })
                let quants = zip(high, low).map { 254 * $0 + $1 }
                XCTAssertEqual(block.scale, largest / (127 * 254))
                XCTAssertEqual(block.total, quants.reduce(0, +))
                XCTAssertEqual(block.sum, block.scale * Float(block.total))
                for (q, value) in zip(quants, part) {
                    XCTAssertEqual(Float(q) * block.scale, value, accuracy: block.scale * 0.6)
                }
            }
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
                let sum = kernels.log_sum_exp(x, Int64(count))
                let factor = 1 / (dot(x[...], x[...]) / Double(count) + 1e-5).squareRoot()
                for i in 0..<count {
                    let g = Double(x[i])
                    XCTAssertEqual(Double(normed[i]), g * factor * Double(weight[i]), accuracy: 1e-5)
                    XCTAssertEqual(Double(gate[i]), g / (1 + exp(-g)) * Double(weight[i]), accuracy: 1e-5)
                }
                XCTAssertEqual(Double(sum), log(x.reduce(0) { $0 + exp(Double($1)) }), accuracy: 1e-4)
                if reference.isEmpty { reference = [normed, gate, [sum]] }
                XCTAssertEqual([normed, gate, [sum]], reference, title(kernels))
            }
        }
    }

    func testRotateTurnsNeighbours() throws {
        for kernels in try instructionSets() {
            var x: [Float] = [1, 0, 0, 2, 3, 4, 5, 6]
            kernels.rotate(&x, [0, 1], [1, 0], 2, 4)
            XCTAssertEqual(x, [0, 1, 0, 2, -4, 3, 5, 6], title(kernels))
        }
    }

    func testAttentionMatchesTheFormulaAndIgnoresWhatLiesBeyond() throws {
        var noise = Noise(6)
        for (queries, dimension, positions) in [(1, 64, 1), (3, 64, 17), (5, 80, 16), (4, 16, 40), (9, 128, 65)] {
            let padded = (positions + 15) / 16 * 16
            let q = noise.floats(queries * dimension)
            let keys = noise.floats(positions * dimension)
            let values = noise.floats(positions * dimension)
            // Pages of keys, then values; what lies past the positions is poison.
            let size = Int(CK_PAGE) * dimension
            var pages = [[UInt16]](
                repeating: [UInt16](repeating: 0x7e00, count: 2 * size), count: (positions + 31) / 32)
            for p in 0..<positions {
                for d in 0..<dimension {
                    let key = p % 32 / 16 * 16 * dimension + d * 16 + p % 16
                    ck_store_halves([keys[p * dimension + d]], 1, &pages[p / 32][key], 1)
                    let value = size + p % 32 * dimension + d
                    ck_store_halves([values[p * dimension + d]], 1, &pages[p / 32][value], 1)
                }
            }
            let scale = 1 / Float(dimension).squareRoot()
            var reference: [Float] = []
            for kernels in try instructionSets() {
                var scores = [Float](repeating: 0, count: 4 * padded)
                var out = [Float](repeating: 0, count: queries * dimension)
                withPointers(pages) { pointers in
                    let cache = ck_attention_pages(pages: pointers, keys: 0, values: Int64(size))
                    kernels.attend(
                        q, cache, Int64(queries), Int64(dimension), Int64(positions), scale, &scores, &out)
                }
                for h in 0..<queries {
                    let query = q[h * dimension..<(h + 1) * dimension]
                    let raw = (0..<positions).map {
                        exp(dot(query, keys[$0 * dimension..<($0 + 1) * dimension]) * Double(scale))
                    }
                    let total = raw.reduce(0, +)
                    for d in 0..<dimension {
                        let expected = (0..<positions).reduce(0) {
                            $0 + raw[$1] / total * Double(values[$1 * dimension + d])
                        }
                        XCTAssertEqual(Double(out[h * dimension + d]), expected, accuracy: 2e-3)
                    }
                }
                if reference.isEmpty { reference = out }
                XCTAssertEqual(out, reference, title(kernels))
            }
        }
    }

    private func withPointers(_ pages: [[UInt16]], _ body: (UnsafePointer<UnsafePointer<UInt16>?>) -> Void) {
        var pointers: [UnsafePointer<UInt16>?] = []
        func open(_ index: Int) {
            guard index < pages.count else { return body(&pointers) }
            pages[index].withUnsafeBufferPointer {
                pointers.append($0.baseAddress)
                open(index + 1)
            }
        }
        open(0)
    }
}
