import CKernels
import Foundation
import XCTest

/// Blocks of random bits, and what the gguf package's `dequantize` makes of them.
final class UnpackTests: XCTestCase {
    private struct Block: Decodable {
        let type: String
        let bytes: String
        let values: [Float]
    }

    func testGivesWhatTheReferenceGives() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/blocks.jsonl")
        var seen: Set<String> = []
        for line in try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")) {
            let block = try JSONDecoder().decode(Block.self, from: line)
            let bytes = try Self.bytes(block.bytes)
            XCTAssertEqual(try Self.unpack(block.type, bytes, count: block.values.count), block.values, block.type)
            seen.insert(block.type)
        }
        XCTAssertEqual(seen.count, BlockFormat.allCases.count + 2)
    }

    func testTellsNumbersFromInfinityAndNaN() {
        let halves: [UInt16] = [0x7bff, 0xfbff, 0, 0x8000]
        for (bits, isFinite) in [(UInt16(0x3c00), true), (0x7c00, false), (0xfc00, false), (0x7e00, false)] {
            let source = (halves + [bits]).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
            XCTAssertEqual(ck_exponents_are_finite(source, 5, 2, 0x7c00), isFinite)
            XCTAssertTrue(ck_exponents_are_finite(source, 4, 2, 0x7c00))
            XCTAssertTrue(ck_exponents_are_finite(source, 2, 4, 0x7c00), "every other one")
        }
    }

    private static func unpack(_ type: String, _ bytes: [UInt8], count: Int) throws -> [Float] {
        if let format = BlockFormat(rawValue: type.lowercased()) { return format.unpack(bytes, count: count) }
        var out = [Float](repeating: 0, count: count)
        (type == "BF16" ? ck_unpack_bf16 : ck_unpack_f16)(bytes, Int64(count), &out)
        return out
    }

    private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = try hexadecimal.map { try XCTUnwrap($0.hexDigitValue) }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
