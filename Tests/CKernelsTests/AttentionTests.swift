import CKernels
import XCTest

/// Attention page by page: right against the formula, blind to what it must not see, and the same bits whoever else
/// reads the page.
final class AttentionTests: XCTestCase {
    func testMatchesTheFormula() throws {
        var noise = Noise(6)
        for (queries, dimension, first, end) in [
            (1, 64, 0, 1), (3, 64, 0, 17), (5, 80, 0, 16), (4, 16, 7, 40), (9, 128, 33, 65), (25, 64, 0, 96),
        ] {
            let q = noise.floats(queries * dimension)
            let cache = Pages(positions: end, dimension: dimension, noise: &noise)
            let scale = 1 / Float(dimension).squareRoot()
            var reference: [Float] = []
            for kernels in try instructionSets() {
                let out = attend(kernels, q, queries, cache, first: first, end: end, scale)
                for row in 0..<queries {
                    let query = q[row * dimension..<(row + 1) * dimension]
                    let raw = (first..<end).map { exp(dot(query, cache.key($0)) * Double(scale)) }
                    let total = raw.reduce(0, +)
                    for d in 0..<dimension {
                        let expected = zip(first..<end, raw).reduce(0.0) {
                            $0 + $1.1 / total * Double(cache.value($1.0)[cache.value($1.0).startIndex + d])
                        }
                        XCTAssertEqual(Double(out[row * dimension + d]), expected, accuracy: 2e-3)
                    }
                }
                if reference.isEmpty { reference = out }
                XCTAssertEqual(out, reference, title(kernels))
            }
        }
    }

    func testRowsDoNotShowInOneAnother() throws {
        var noise = Noise(7)
        let cache = Pages(positions: 50, dimension: 64, noise: &noise)
        let q = noise.floats(17 * 64)
        for kernels in try instructionSets() {
            let together = attend(kernels, q, 17, cache, first: 0, end: 50, 0.125)
            let alone = (0..<17).flatMap { row in
                attend(kernels, Array(q[row * 64..<(row + 1) * 64]), 1, cache, first: 0, end: 50, 0.125)
            }
            XCTAssertEqual(together, alone, title(kernels))
        }
    }

    func testStoredHalvesAreThoseOfTheReference() throws {
        var noise = Noise(8)
        let edges: [Float] = [65519, 65520, -1e9, 0x1p-25, 0x1.8p-24, 0, -0.0, 1e-7]
        let x = noise.floats(48, scale: 300) + edges + noise.floats(8)
        var expected = [UInt16](repeating: 0, count: x.count)
        ck_store_halves(x, Int64(x.count), &expected, 1)
        for kernels in try instructionSets() {
            var spread = [UInt16](repeating: 7, count: x.count * 3)
            kernels.store_halves(x, Int64(x.count), &spread, 3)
            XCTAssertEqual(stride(from: 0, to: spread.count, by: 3).map { spread[$0] }, expected, title(kernels))
            XCTAssertEqual(spread[1], 7)
        }
    }

    private func attend(
        _ kernels: ck_kernels, _ q: [Float], _ queries: Int, _ cache: Pages, first: Int, end: Int, _ scale: Float
    ) -> [Float] {
        let page = Int(CK_PAGE)
        let stride = cache.pages.count * page
        var scores = [Float](repeating: .nan, count: queries * stride)
        var out = [Float](repeating: 0, count: queries * cache.dimension)
        var factors: [Float] = []
        scores.withUnsafeMutableBufferPointer { scores in
            guard let scores = scores.baseAddress else { return }
            for (index, halves) in cache.pages.enumerated() {
                kernels.score_page(
                    q, Int64(queries), Int64(cache.dimension), halves, scores + index * page, Int64(stride))
            }
            for row in 0..<queries {
                factors.append(
                    kernels.soften(scores + row * stride, Int64(first), Int64(end), Int64(stride), scale))
            }
            for (index, halves) in cache.pages.enumerated() {
                halves.withUnsafeBufferPointer {
                    guard let halves = $0.baseAddress else { return }
                    kernels.mix_page(
                        scores + index * page, Int64(stride), Int64(queries), Int64(min(page, end - index * page)),
                        halves + page * cache.dimension, Int64(cache.dimension), &out)
                }
            }
        }
        for (row, factor) in factors.enumerated() {
            var part = Array(out[row * cache.dimension..<(row + 1) * cache.dimension])
            kernels.scale(&part, factor, Int64(part.count))
            out.replaceSubrange(row * cache.dimension..<(row + 1) * cache.dimension, with: part)
        }
        return out
    }
}

/// The keys and values of one head, as numbers and in pages of keys, then values.
private struct Pages {
    let dimension: Int
    private let keys: [Float]
    private let values: [Float]
    /// What lies past the last position is large, and must not show.
    private(set) var pages: [[UInt16]]

    init(positions: Int, dimension: Int, noise: inout Noise) {
        self.dimension = dimension
        keys = noise.floats(positions * dimension)
        values = noise.floats(positions * dimension)
        let size = Int(CK_PAGE) * dimension
        pages = [[UInt16]](repeating: [UInt16](repeating: 0x7800, count: 2 * size), count: (positions + 31) / 32)
        for p in 0..<positions {
            for d in 0..<dimension {
                let key = p % 32 / 16 * 16 * dimension + d * 16 + p % 16
                ck_store_halves([keys[p * dimension + d]], 1, &pages[p / 32][key], 1)
                ck_store_halves([values[p * dimension + d]], 1, &pages[p / 32][size + p % 32 * dimension + d], 1)
            }
        }
    }

    func key(_ position: Int) -> ArraySlice<Float> { keys[position * dimension..<(position + 1) * dimension] }

    func value(_ position: Int) -> ArraySlice<Float> { values[position * dimension..<(position + 1) * dimension] }
}
