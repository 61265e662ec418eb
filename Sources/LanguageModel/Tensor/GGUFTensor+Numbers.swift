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

    var unsupportedType: LanguageModelError {
        let known = GGUFTensorType.allCases.filter { $0.unpack != nil }.map(\.name).joined(separator: ", ")
        return LanguageModelError(
            .unsupportedModel, "tensor \(name) has type \(type.name); use a file with one of these: \(known)")
    }
}

extension GGUFTensorType {
    /// Turns stored numbers into floats: `count` of them, whole blocks.
    typealias Unpack =
        @convention(c) @Sendable (_ source: UnsafePointer<UInt8>?, _ count: Int64, UnsafeMutablePointer<Float>?)
        -> Void

    /// `nil` for the types that we cannot compute with.
    var unpack: Unpack? {
        switch self {
        case .f32: ck_unpack_f32
        case .f16: ck_unpack_f16
        case .bf16: ck_unpack_bf16
        case .q4_0: ck_unpack_q4_0
        case .q4_1: ck_unpack_q4_1
        case .q4_k: ck_unpack_q4_k
        case .q5_0: ck_unpack_q5_0
        case .q5_1: ck_unpack_q5_1
        case .q5_k: ck_unpack_q5_k
        case .q6_k: ck_unpack_q6_k
        case .q8_0: ck_unpack_q8_0
        default: nil
        }
    }

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
