import CKernels

/// One tensor of a safetensors file, still in its stored form.
package struct SafetensorsTensor: Sendable {
    package let name: String
    package let type: SafetensorsType
    /// Outermost dimension first, as PyTorch has it: a matrix is [rows, columns].
    package let shape: [Int]
    /// Keeps the mapping alive as long as the tensor.
    let mapping: FileMapping
    /// Where the tensor lies in the file; within it, and as long as type and shape say, by ``SafetensorsFile``'s checks.
    let range: Range<Int>

    /// The stored bytes, valid as long as this tensor, its file, or a copy of either lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: mapping.bytes[range]) }

    /// The numbers of F32, F16 and BF16 tensors, row after row.
    ///
    /// - Throws: `unsupportedModel` for other types; `malformedFile` when a number is not finite.
    package func floats() throws(LanguageModelError) -> [Float] {
        let count = range.count * 8 / type.bits
        let numbers: [Float]
        switch type {
        case .f32:
            numbers = (0..<count).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        case .bf16:
            // The upper half of single precision.
            numbers = (0..<count).map {
                Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
            }
        case .f16:
            numbers = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let source = bytes.bindMemory(to: UInt8.self).baseAddress, let start = buffer.baseAddress {
                    ck_unpack_f16(source, Int64(count), start)
                    initialized = count
                }
            }
        default:
            throw LanguageModelError(
                .unsupportedModel, "tensor \(name) has type \(type.rawValue); save it as F32, F16 or BF16")
        }
        guard numbers.allSatisfy(\.isFinite) else {
            throw .malformedSafetensors("tensor \(name) holds a number that is not finite")
        }
        return numbers
    }
}
