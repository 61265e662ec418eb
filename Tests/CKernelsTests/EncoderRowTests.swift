import CKernels
import XCTest

/// What sentence encoders need along a row, and language models do not.
final class EncoderRowTests: XCTestCase {
    private let counts = [1, 15, 16, 31, 64, 389]

    func testLayerNormMatchesTheFormula() throws {
        var noise = Noise(21)
        for count in counts {
            // Far from zero, where a variance from sums of squares would lose its digits.
            let x = noise.floats(count, scale: 3).map { $0 + 40 }
            let (weight, bias) = (noise.floats(count), noise.floats(count))
            let mean = x.reduce(0) { $0 + Double($1) } / Double(count)
            let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
            var reference: [Float] = []
            for kernels in try instructionSets() {
                var normed = x
                kernels.layer_norm(&normed, weight, bias, 1e-6, Int64(count))
                for i in 0..<count {
                    let expected = (Double(x[i]) - mean) / (variance + 1e-6).squareRoot() * Double(weight[i])
                    XCTAssertEqual(Double(normed[i]), expected + Double(bias[i]), accuracy: 2e-5)
                }
                if reference.isEmpty { reference = normed }
                XCTAssertEqual(normed, reference, title(kernels))
            }
        }
    }

    func testGELUMatchesTheErrorFunction() throws {
        var noise = Noise(22)
        for count in counts {
            let x = noise.floats(count, scale: 8)
            var reference: [Float] = []
            for kernels in try instructionSets() {
                var y = x
                kernels.gelu_erf(&y, Int64(count))
                for i in 0..<count {
                    let g = Double(x[i])
                    XCTAssertEqual(Double(y[i]), g / 2 * (1 + erf(g / 2.0.squareRoot())), accuracy: 2e-6)
                }
                if reference.isEmpty { reference = y }
                XCTAssertEqual(y, reference, title(kernels))
            }
        }
        for kernels in try instructionSets() {
            var extremes: [Float] = [-1e4, -20, 0, 20, 1e4]
            kernels.gelu_erf(&extremes, 5)
            XCTAssertEqual(extremes, [0, 0, 0, 20, 1e4], title(kernels))
        }
    }
}
