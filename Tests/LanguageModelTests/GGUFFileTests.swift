import Foundation
import LanguageModel
import XCTest

final class GGUFFileTests: XCTestCase {
    func testReadsTheReferenceFile() throws {
        let file = try ReferenceFile.gguf()
        XCTAssertEqual(file.metadata.count, 33)
        XCTAssertEqual(file.tensors.count, 272)
        XCTAssertEqual(try file.string("general.architecture"), "llama")
        XCTAssertEqual(try file.integer("llama.block_count"), 30)
        XCTAssertEqual(try file.number("llama.rope.freq_base"), 100_000)
        XCTAssertEqual(try file.bool("tokenizer.ggml.add_bos_token"), false)
        XCTAssertEqual(try file.strings("tokenizer.ggml.tokens").count, 49_152)
        let query = try file.tensor("blk.0.attn_q.weight")
        XCTAssertEqual(query.dimensions, [576, 576])
        XCTAssertEqual(query.type, .q4_1)
        XCTAssertEqual(query.bytes.count, 576 * 576 / 32 * 20)
        XCTAssertEqual(Int(bitPattern: query.bytes.baseAddress) % 32, 0)
    }

    func testReadsEveryTypeOfValue() throws {
        var writer = GGUFWriter()
        let numbers: [(String, UInt32, Data)] = [
            ("uint8", 0, GGUFWriter.little(UInt8(200))), ("int8", 1, GGUFWriter.little(Int8(-3))),
            ("uint16", 2, GGUFWriter.little(UInt16(60_000))), ("int16", 3, GGUFWriter.little(Int16(-300))),
            ("uint32", 4, GGUFWriter.little(UInt32(4_000_000_000))), ("int32", 5, GGUFWriter.little(Int32(-70_000))),
            ("uint64", 10, GGUFWriter.little(UInt64.max)), ("int64", 11, GGUFWriter.little(Int64.min)),
            ("float32", 6, GGUFWriter.little(Float(0.5).bitPattern)),
            ("float64", 12, GGUFWriter.little(Double(0.25).bitPattern)),
        ]
        for (key, type, bytes) in numbers {
            writer.pair(key, type: type, bytes)
            writer.pair("\(key)s", type: 9, GGUFWriter.little(type) + GGUFWriter.little(UInt64(2)) + bytes + bytes)
        }
        writer.pair("bool", true)
        writer.pair("bools", type: 9, GGUFWriter.little(GGUFWriter.bool) + GGUFWriter.little(UInt64(2)) + Data([1, 0]))
        writer.pair("string", "Łódź")
        writer.pair("strings", ["a", ""])
        let inner = GGUFWriter.little(GGUFWriter.uint8) + GGUFWriter.little(UInt64(1)) + Data([7])
        writer.pair(
            "arrays", type: 9, GGUFWriter.little(GGUFWriter.array) + GGUFWriter.little(UInt64(2)) + inner + inner)
        let metadata = try read(writer.file).metadata
        let expected: [String: GGUFValue] = [
            "uint8": .uint8(200), "uint8s": .array(.uint8([200, 200])), "int8": .int8(-3),
            "int8s": .array(.int8([-3, -3])), "uint16": .uint16(60_000), "uint16s": .array(.uint16([60_000, 60_000])),
            "int16": .int16(-300), "int16s": .array(.int16([-300, -300])), "uint32": .uint32(4_000_000_000),
            "uint32s": .array(.uint32([4_000_000_000, 4_000_000_000])), "int32": .int32(-70_000),
            "int32s": .array(.int32([-70_000, -70_000])), "uint64": .uint64(.max),
            "uint64s": .array(.uint64([.max, .max])), "int64": .int64(.min), "int64s": .array(.int64([.min, .min])),
            "float32": .float32(0.5), "float32s": .array(.float32([0.5, 0.5])), "float64": .float64(0.25),
            "float64s": .array(.float64([0.25, 0.25])), "bool": .bool(true), "bools": .array(.bool([true, false])),
            "string": .string("Łódź"), "strings": .array(.string(["a", ""])),
            "arrays": .array(.array([.uint8([7]), .uint8([7])])),
        ]
        XCTAssertEqual(metadata, expected)
    }

    func testNamesTheFieldThatIsWrong() throws {
        let cases: [(names: String, damage: (inout GGUFWriter) -> Void)] = [
            ("begin with GGUF", { $0.magic = Array("GGML".utf8) }),
            ("tensor count", { $0.tensorCount = 1 << 63 }),
            ("tensor count", { $0.tensorCount = .max }),
            ("metadata count", { $0.pairCount = 1 << 63 }),
            ("is there twice", { $0.pair("general.architecture", "llama") }),
            ("odd has the unknown type 13", { $0.pair("odd", type: 13, Data()) }),
            ("odd is 2, neither true nor false", { $0.pair("odd", type: GGUFWriter.bool, Data([2])) }),
            (
                "odd is not UTF-8",
                {
                    $0.pair("odd", type: GGUFWriter.string, GGUFWriter.little(UInt64(1)) + Data([0xFF]))
                }
            ),
            ("length of odd", { $0.pair("odd", type: GGUFWriter.string, GGUFWriter.little(UInt64.max)) }),
            (
                "count of odd",
                {
                    $0.pair("odd", type: 9, GGUFWriter.little(UInt32(8)) + GGUFWriter.little(UInt64(1) << 61))
                }
            ),
            (
                "nests more than 4 arrays",
                { writer in
                    let nested = (0..<5).map { _ in GGUFWriter.little(UInt32(9)) + GGUFWriter.little(UInt64(1)) }
                    writer.pair("odd", type: 9, nested.reduce(Data(), +))
                }
            ),
            ("metadata key 4 has 0 bytes", { $0.pair("", "x") }),
            ("general.alignment", { $0.pair("general.alignment", UInt32(0)) }),
            ("general.alignment", { $0.pair("general.alignment", UInt32(48)) }),
            ("general.alignment", { $0.pair("general.alignment", "32") }),
            ("tensor c has 0 dimensions", { $0.tensor("c", dimensions: [], type: 0, offset: 0) }),
            ("tensor c has 5 dimensions", { $0.tensor("c", dimensions: [1, 1, 1, 1, 1], type: 0, offset: 0) }),
            ("a dimension of tensor c is 0", { $0.tensor("c", dimensions: [0], type: 0, offset: 0) }),
            ("a dimension of tensor c", { $0.tensor("c", dimensions: [1 << 63], type: 0, offset: 0) }),
            ("tensor c is too large", { $0.tensor("c", dimensions: [1 << 32, 1 << 32], type: 0, offset: 0) }),
            ("tensor c is too large", { $0.tensor("c", dimensions: [1 << 62], type: 0, offset: 0) }),
            ("no whole blocks of Q4_1", { $0.tensor("c", dimensions: [33], type: 3, offset: 0) }),
            ("offset of tensor c", { $0.tensor("c", dimensions: [1], type: 0, offset: 97) }),
            ("tensor c lies outside", { $0.tensor("c", dimensions: [33], type: 0, offset: 96) }),
            ("tensor c lies outside", { $0.tensor("c", dimensions: [1], type: 0, offset: UInt64.max - 31) }),
            ("overlaps another", { $0.tensor("c", dimensions: [1], type: 0, offset: 32) }),
            ("tensor a is there twice", { $0.tensor("a", dimensions: [1], type: 0, offset: 96) }),
        ]
        for (names, damage) in cases {
            var writer = Self.sound
            damage(&writer)
            assertRefused(writer.file, .malformedFile, names)
        }
        var writer = Self.sound
        writer.version = 1
        assertRefused(writer.file, .unsupportedModel, "version 1")
        writer = Self.sound
        writer.tensor("c", dimensions: [1], type: 4, offset: 96)
        assertRefused(writer.file, .unsupportedModel, "tensor c has type 4")
    }

    func testRefusesATruncatedFileAtEveryLength() throws {
        let whole = Self.sound.file
        XCTAssertNoThrow(try read(whole))
        for length in 0..<whole.count - Self.unusedBytes {
            XCTAssertThrowsError(try read(whole.prefix(length)), "\(length) bytes") { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, .malformedFile)
            }
        }
    }

    func testRefusesWhatIsNoFile() {
        XCTAssertThrowsError(try GGUFFile(path: "/none/model.gguf")) {
            XCTAssertEqual(($0 as? LanguageModelError)?.code, .unreadableFile)
        }
        XCTAssertThrowsError(try GGUFFile(path: "/")) {
            XCTAssertEqual(($0 as? LanguageModelError)?.code, .unreadableFile)
        }
    }

    /// The bytes at the end of ``sound`` that belong to no tensor.
    private static let unusedBytes = 128 - 68

    /// A small sound file: some fields and two tensors, the second of two blocks of Q4_0.
    private static var sound: GGUFWriter {
        var writer = GGUFWriter()
        writer.pair("general.architecture", "llama")
        writer.pair("llama.block_count", UInt32(2))
        writer.pair("tokenizer.ggml.tokens", ["a", "b", "ab", "<|im_end|>"])
        writer.pair("tokenizer.ggml.token_type", [1, 1, 1, 3])
        writer.tensor("a", dimensions: [2, 4], type: 0, offset: 0)
        writer.tensor("b", dimensions: [32, 2], type: 2, offset: 32)
        writer.data = Data((0..<128).map { UInt8($0) })
        return writer
    }

    private func read(_ data: Data) throws -> GGUFFile {
        try TemporaryFolder.use { try GGUFFile(path: $0.write(data, as: "file.gguf")) }
    }

    private func assertRefused(
        _ data: Data, _ code: LanguageModelError.Code, _ words: String, line: UInt = #line
    ) {
        XCTAssertThrowsError(try read(data), words, line: line) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, code, words, line: line)
            XCTAssertTrue("\(error)".contains(words), "\(error) does not say: \(words)", line: line)
        }
    }
}
