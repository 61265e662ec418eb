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

    /// How many numbers the tensor holds.
    var elementCount: Int { range.count * 8 / type.bits }

    /// The numbers of F32, F16 and BF16 tensors, row after row.
    ///
    /// - Throws: `unsupportedModel` for other types; `malformedFile` when a number is not finite.
    package func floats() throws(LanguageModelError) -> [Float] { try floats(0..<elementCount) }

    /// Some of the numbers, by their places; within the tensor.
    func floats(_ part: Range<Int>) throws(LanguageModelError) -> [Float] {
        precondition(part.lowerBound >= 0 && part.upperBound <= elementCount)
        guard [.f32, .f16, .bf16].contains(type) else {
            throw LanguageModelError(
                .unsupportedModel, "tensor \(name) has type \(type.rawValue); save it as F32, F16 or BF16")
        }
        let size = type.bits / 8
        let stored = UnsafeRawBufferPointer(rebasing: bytes[part.lowerBound * size..<part.upperBound * size])
        let numbers = [Float](unsafeUninitializedCapacity: part.count) { numbers, count in
            switch type {
            case .f16:
                if let source = stored.bindMemory(to: UInt8.self).baseAddress, let start = numbers.baseAddress {
                    ck_unpack_f16(source, Int64(part.count), start)
                }
            case .bf16:
                // The upper half of single precision.
                for index in 0..<part.count {
                    let half = stored.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                    numbers[index] = Float(bitPattern: UInt32(half) << 16)
                }
            default: UnsafeMutableRawBufferPointer(numbers).copyMemory(from: stored)
            }
            count = part.count
        }
        guard numbers.allSatisfy(\.isFinite) else {
            throw .malformedSafetensors("tensor \(name) holds a number that is not finite")
        }
        return numbers
    }
}
