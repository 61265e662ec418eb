import CKernels

/// The vectors of all tokens, read row by row from the mapped file.
struct EmbeddingTable: Sendable {
    private let tensor: GGUFTensor
    private let width: Int
    private let bytesPerRow: Int

    /// - Throws: `malformedFile` when the tensor's shape is not [width, rows]; `unsupportedModel` for another type.
    init(_ tensor: GGUFTensor, rows: Int, width: Int) throws(LanguageModelError) {
        try tensor.require(shape: [width, rows])
        switch tensor.type {
        case .f32, .f16, .q8_0, .q4_0, .q4_1: break
        default:
            throw LanguageModelError(
                .unsupportedModel,
                "tensor \(tensor.name) has type \(tensor.type.name); use a file with F32, F16, Q8_0, Q4_0 or Q4_1")
        }
        self.tensor = tensor
        self.width = width
        bytesPerRow = width / tensor.type.blockSize * tensor.type.bytesPerBlock
    }

    /// Writes a token's vector; the token must be in the vocabulary.
    func read(_ token: Int32, into out: UnsafeMutablePointer<Float>) {
        let row = UnsafeRawBufferPointer(
            rebasing: tensor.bytes[Int(token) * bytesPerRow..<(Int(token) + 1) * bytesPerRow])
        guard let source = row.bindMemory(to: UInt8.self).baseAddress else { return }
        let count = Int64(width)
        switch tensor.type {
        case .f32: UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: bytesPerRow)
        case .f16: ck_unpack_f16(source, count, out)
        case .q8_0: ck_unpack_q8_0(source, count, out)
        case .q4_0: ck_unpack_q4_0(source, count, out)
        default: ck_unpack_q4_1(source, count, out)
        }
    }
}
