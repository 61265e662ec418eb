import Foundation
import JSON
import LanguageModel
import XCTest

final class SafetensorsFileTests: XCTestCase {
    private let numbers: [Float] = [0, 1, -2.5, 0.15625, 1024, -0.0078125]

    func testReadsFloatsOfEveryType() throws {
        for type in ["F32", "F16", "BF16"] {
            var writer = SafetensorsWriter()
            writer.header["__metadata__"] = ["format": "pt"]
            writer.tensor("a", [2, 3], numbers, type: type)
            writer.tensor("empty", [0, 4], [])
            let file = try read(writer)
            XCTAssertEqual(file.metadata, ["format": "pt"])
            XCTAssertEqual(Set(file.tensors.keys), ["a", "empty"])
            let tensor = try file.tensor("a")
            XCTAssertEqual(tensor.shape, [2, 3])
            XCTAssertEqual(tensor.type.rawValue, type)
            XCTAssertEqual(try tensor.floats(), numbers)
            XCTAssertEqual(try file.tensor("empty").floats(), [])
        }
    }

    func testKnowsOtherTypesAndRefusesTheirNumbers() throws {
        let sizes = [("BOOL", 6), ("I8", 6), ("F8_E4M3", 6), ("U16", 12), ("I32", 24), ("F64", 48), ("F4", 3)]
        for (type, size) in sizes {
            var writer = SafetensorsWriter()
            writer.header["a"] = ["dtype": .string(type), "shape": [6], "data_offsets": [0, .integer(Int64(size))]]
            writer.data = Data(count: size)
            let tensor = try read(writer).tensor("a")
            XCTAssertEqual(tensor.bytes.count, size)
            assertThrows(try tensor.floats(), .unsupportedModel, "tensor a has type \(type)")
        }
    }

    func testNamesTheFieldThatIsWrong() throws {
        let cases: [(words: String, damage: (inout SafetensorsWriter) -> Void)] = [
            ("header's length", { $0.headerLength = .max }),
            ("header's length", { $0.headerLength = 1 << 24 }),
            ("the header is not valid JSON", { $0.headerLength = 20 }),
            ("__metadata__ format is no text", { $0.header["__metadata__"] = ["format": 1] }),
            ("dtype of c", { $0.header["c"] = ["shape": [], "data_offsets": [24, 24]] }),
            ("shape of c", { $0.header["c"] = ["dtype": "F32", "data_offsets": [24, 24]] }),
            ("shape of c", { $0.header["c"] = Self.entry([-1], [24, 24]) }),
            ("shape of c", { $0.header["c"] = Self.entry([1.5], [24, 24]) }),
            ("shape of c is too large", { $0.header["c"] = Self.entry([0x8000_0000, 0x8000_0000, 4], [24, 24]) }),
            ("data_offsets of c", { $0.header["c"] = Self.entry([1], [24]) }),
            ("data_offsets of c", { $0.header["c"] = Self.entry([1], [28, 24]) }),
            ("tensor c takes 8 bytes", { $0.header["c"] = Self.entry([2], [24, 28]) }),
            ("tensor c lies outside", { $0.header["c"] = Self.entry([1], [24, 28]) }),
            ("data_offsets of c begin at 20, not at 24", { $0.header["c"] = Self.entry([1], [20, 24]) }),
            ("data_offsets of c begin at 32, not at 24", { $0.header["c"] = Self.entry([1], [32, 36]) }),
            ("4 bytes at the end", { $0.data += Data(count: 4) }),
        ]
        for (words, damage) in cases {
            var writer = sound
            damage(&writer)
            assertThrows(try read(writer), .malformedFile, words)
        }
        var writer = sound
        writer.header["c"] = ["dtype": "F7", "shape": [], "data_offsets": [24, 24]]
        assertThrows(try read(writer), .unsupportedModel, "tensor c has type F7")
        assertThrows(try read(sound).tensor("b"), .malformedFile, "tensor b is missing")
    }

    func testRefusesNumbersThatAreNotFinite() throws {
        for broken in [Float.nan, .infinity] {
            var writer = SafetensorsWriter()
            writer.tensor("a", [2], [1, broken])
            assertThrows(try read(writer).tensor("a").floats(), .malformedFile, "tensor a holds a number")
        }
    }

    func testRefusesATruncatedFileAtEveryLength() throws {
        let whole = sound.file
        for length in 1..<whole.count {
            assertThrows(try read(whole.prefix(length)), .malformedFile, "not a sound safetensors file")
        }
    }

    private var sound: SafetensorsWriter {
        var writer = SafetensorsWriter()
        writer.tensor("a", [2, 3], numbers)
        return writer
    }

    private static func entry(_ shape: [JSONValue], _ offsets: [JSONValue]) -> JSONValue {
        ["dtype": "F32", "shape": .array(shape), "data_offsets": .array(offsets)]
    }

    private func read(_ writer: SafetensorsWriter) throws -> SafetensorsFile { try read(writer.file) }

    private func read(_ file: Data) throws -> SafetensorsFile {
        try TemporaryFolder.use { try SafetensorsFile(path: $0.write(file, as: "model.safetensors")) }
    }
}

/// Asks for an error of a kind, with these words in its message.
func assertThrows<Value>(
    _ body: @autoclosure () throws -> Value, _ code: LanguageModelError.Code, _ words: String, line: UInt = #line
) {
    XCTAssertThrowsError(try body(), words, line: line) { error in
        XCTAssertEqual((error as? LanguageModelError)?.code, code, words, line: line)
        XCTAssertTrue("\(error)".contains(words), "\(error) does not say: \(words)", line: line)
    }
}
