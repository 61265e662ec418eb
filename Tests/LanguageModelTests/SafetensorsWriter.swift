import Foundation
import JSON

/// Writes small safetensors files, sound ones and damaged ones.
struct SafetensorsWriter {
    /// The header's members; those of tensors among them.
    var header: [String: JSONValue] = [:]
    /// The tensors' bytes, one behind the other.
    var data = Data()
    /// What the file says is the header's length; the real one when `nil`.
    var headerLength: UInt64?

    /// Adds a tensor. Its numbers are stored in the type, as near as it can.
    mutating func tensor(_ name: String, _ shape: [Int], _ numbers: [Float], type: String = "F32") {
        let bytes = numbers.map { number in
            switch type {
            case "F16": GGUFWriter.little(Float16(number).bitPattern)
            case "BF16": GGUFWriter.little(UInt16(number.bitPattern >> 16))
            default: GGUFWriter.little(number.bitPattern)
            }
        }.reduce(Data(), +)
        header[name] = [
            "dtype": .string(type), "shape": .array(shape.map { .integer(Int64($0)) }),
            "data_offsets": [.integer(Int64(data.count)), .integer(Int64(data.count + bytes.count))],
        ]
        data += bytes
    }

    /// The whole file.
    var file: Data {
        let text = JSONValue.object(header).canonicalData
        return GGUFWriter.little(headerLength ?? UInt64(text.count)) + text + data
    }
}
