import Foundation
import JSON

/// A safetensors file: a length in eight bytes, that many bytes of JSON that name the tensors, and the tensors, which
/// stay in the mapped file.
///
/// The format: <https://github.com/huggingface/safetensors#format>. Nothing in the file is trusted: every tensor must
/// lie inside the file and be as long as its type and shape say, and together they must fill the file without a hole
/// or an overlap, as the format's own reader demands; so a damaged or hostile file gives an error that names the field.
package struct SafetensorsFile: Sendable {
    /// What the writer noted: `format` = `pt`.
    package let metadata: [String: String]
    /// Every tensor by its name.
    package let tensors: [String: SafetensorsTensor]

    /// The format allows 100 MB; the header of a model with 10,000 tensors has 1.
    private static let longestHeader = 16 << 20

    /// Maps the file and reads its header.
    ///
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel` for a
    ///   type that we do not know.
    package init(path: String) throws(LanguageModelError) {
        let mapping = try FileMapping(path: path)
        guard mapping.bytes.count >= 8 else { throw .malformedSafetensors("the file ends inside the header's length") }
        let length = mapping.bytes.loadUnaligned(as: UInt64.self)
        guard length <= UInt64(mapping.bytes.count - 8), length <= UInt64(Self.longestHeader) else {
            throw .malformedSafetensors("the header's length is \(length), more than the file holds or we read")
        }
        let dataStart = 8 + Int(length)
        let header = try Self.members(of: mapping.bytes[8..<dataStart])
        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        for (name, value) in header {
            if name == "__metadata__" {
                for (key, text) in value.object ?? [:] {
                    guard let text = text.string else { throw .malformedSafetensors("__metadata__ \(key) is no text") }
                    metadata[key] = text
                }
            } else {
                entries.append(try Entry(name, value))
            }
        }
        self.metadata = metadata
        tensors = try Self.place(entries, behind: dataStart, in: mapping)
    }

    private static func members(of bytes: Slice<UnsafeRawBufferPointer>) throws(LanguageModelError)
        -> [String: JSONValue]
    {
        let header: JSONValue
        do throws(JSONError) {
            header = try JSONValue(parsing: Data(bytes))
        } catch {
            throw .malformedSafetensors("the header is \(error)")
        }
        guard let members = header.object else { throw .malformedSafetensors("the header is no JSON object") }
        return members
    }

    /// Finds each tensor's bytes: one behind the other, up to the file's end.
    private static func place(_ entries: [Entry], behind dataStart: Int, in mapping: FileMapping)
        throws(LanguageModelError) -> [String: SafetensorsTensor]
    {
        var tensors: [String: SafetensorsTensor] = [:]
        var end = 0
        for entry in entries.sorted(by: {
            ($0.offsets.lowerBound, $0.offsets.upperBound) < ($1.offsets.lowerBound, $1.offsets.upperBound)
        }) {
            guard entry.offsets.lowerBound == end else {
                throw .malformedSafetensors(
                    "the data_offsets of \(entry.name) begin at \(entry.offsets.lowerBound), not at \(end)")
            }
            end = entry.offsets.upperBound
            guard end <= mapping.bytes.count - dataStart else {
                throw .malformedSafetensors("tensor \(entry.name) lies outside the file")
            }
            tensors[entry.name] = SafetensorsTensor(
                name: entry.name, type: entry.type, shape: entry.shape, mapping: mapping,
                range: dataStart + entry.offsets.lowerBound..<dataStart + end)
        }
        guard end == mapping.bytes.count - dataStart else {
            throw .malformedSafetensors("\(mapping.bytes.count - dataStart - end) bytes at the end belong to no tensor")
        }
        return tensors
    }

    /// A tensor.
    package func tensor(_ name: String) throws(LanguageModelError) -> SafetensorsTensor {
        guard let tensor = tensors[name] else { throw .malformedSafetensors("tensor \(name) is missing") }
        return tensor
    }
}

/// A tensor's entry in the header.
private struct Entry {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    /// From the end of the header; as many bytes as type and shape take.
    let offsets: Range<Int>

    init(_ name: String, _ value: JSONValue) throws(LanguageModelError) {
        guard let typeName = value["dtype"]?.string else {
            throw .malformedSafetensors("the dtype of \(name) is no text")
        }
        guard let type = SafetensorsType(rawValue: typeName) else {
            throw LanguageModelError(.unsupportedModel, "tensor \(name) has type \(typeName), which is not known")
        }
        let shape = try Self.sizes(value["shape"], "the shape of \(name)")
        let offsets = try Self.sizes(value["data_offsets"], "the data_offsets of \(name)")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .malformedSafetensors("the data_offsets of \(name) are no beginning and end")
        }
        var bits = type.bits
        for dimension in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .malformedSafetensors("the shape of \(name) is too large") }
            bits = product
        }
        guard bits.isMultiple(of: 8), bits / 8 == offsets[1] - offsets[0] else {
            throw .malformedSafetensors(
                "tensor \(name) takes \(bits / 8) bytes by its shape, \(offsets[1] - offsets[0]) by its data_offsets")
        }
        self.name = name
        self.type = type
        self.shape = shape
        self.offsets = offsets[0]..<offsets[1]
    }

    private static func sizes(_ value: JSONValue?, _ field: String) throws(LanguageModelError) -> [Int] {
        var sizes: [Int] = []
        for element in value?.array ?? [.null] {
            guard let size = element.integer.flatMap(Int.init(exactly:)), size >= 0 else {
                throw .malformedSafetensors("\(field) is no list of sizes")
            }
            sizes.append(size)
        }
        return sizes
    }
}

extension LanguageModelError {
    static func malformedSafetensors(_ message: String) -> LanguageModelError {
        LanguageModelError(.malformedFile, "not a sound safetensors file: \(message); fetch it again")
    }
}
