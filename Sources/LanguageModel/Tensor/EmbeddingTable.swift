import CKernels

/// The vectors of all tokens, read row by row from the mapped file.
struct EmbeddingTable: Sendable {
    private let tensor: GGUFTensor
    private let unpack: GGUFTensorType.Unpack
    private let width: Int
    private let bytesPerRow: Int

    /// - Throws: `malformedFile` when the tensor's shape is not [width, rows]; `unsupportedModel` for another type.
    init(_ tensor: GGUFTensor, rows: Int, width: Int) throws(LanguageModelError) {
        try tensor.require(shape: [width, rows])
        guard let unpack = tensor.type.unpack else { throw tensor.unsupportedType }
        self.tensor = tensor
        self.unpack = unpack
        self.width = width
        bytesPerRow = width / tensor.type.blockSize * tensor.type.bytesPerBlock
    }

    /// Writes a token's vector; the token must be in the vocabulary.
    func read(_ token: Int32, into out: UnsafeMutablePointer<Float>) {
        let row = UnsafeRawBufferPointer(
            rebasing: tensor.bytes[Int(token) * bytesPerRow..<(Int(token) + 1) * bytesPerRow])
        guard let source = row.bindMemory(to: UInt8.self).baseAddress else { return }
        unpack(source, Int64(width), out)
    }
}
