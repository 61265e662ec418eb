import CKernels

extension GGUFTensor {
    /// A vector's numbers. Norms, biases and the like are stored in single precision in every file that we have seen.
    ///
    /// - Throws: `malformedFile` for another shape or a number that is not finite; `unsupportedModel` for another type.
    func floats(count: Int) throws(LanguageModelError) -> AlignedBuffer<Float> {
        try require(shape: [count])
        guard type == .f32 else {
            throw LanguageModelError(.unsupportedModel, "tensor \(name) has type \(type.name), not F32")
        }
        guard areFinite(bytes) else { throw notFinite }
        let vector = AlignedBuffer<Float>(count: count)
        UnsafeMutableRawBufferPointer(vector.elements).copyMemory(from: bytes)
        return vector
    }

    /// - Throws: `malformedFile` when the dimensions, the row's length first, are others.
    func require(shape: [Int]) throws(LanguageModelError) {
        guard dimensions == shape else {
            throw .malformed("tensor \(name) has shape \(dimensions), not \(shape)")
        }
    }

    /// Whether these whole blocks of the tensor hold no infinity and no NaN. Integers cannot; so only scales, minima
    /// and floating-point numbers are looked at: 0.2 to 0.3 ms a MiB.
    func areFinite(_ blocks: UnsafeRawBufferPointer) -> Bool {
        guard let source = blocks.bindMemory(to: UInt8.self).baseAddress else { return true }
        let count = Int64(blocks.count / type.bytesPerBlock)
        return type.exponents.offsets.allSatisfy { offset in
            ck_exponents_are_finite(source + offset, count, Int64(type.bytesPerBlock), type.exponents.mask)
        }
    }

    var notFinite: LanguageModelError { .malformed("tensor \(name) holds a number that is not finite") }
}

extension GGUFTensorType {
    /// Where in a block the 16-bit words with floating-point exponents lie, and the exponent's bits: all set in
    /// infinity and NaN alone. Only for the types that we compute with.
    fileprivate var exponents: (offsets: [Int], mask: UInt16) {
        let (half, single): (UInt16, UInt16) = (0x7c00, 0x7f80)
        return switch self {
        case .f32: ([2], single)
        case .bf16: ([0], single)
        case .q4_1, .q5_1, .q4_k, .q5_k: ([0, 2], half)
        case .q6_k: ([208], half)
        default: ([0], half)
        }
    }
}
