/// One tensor of a GGUF file, still in its stored form.
public struct GGUFTensor: Sendable {
    /// The tensor's name: `blk.0.attn_q.weight`.
    public let name: String
    /// The dimensions in ggml's order: the first is a row's length, the second the number of rows.
    public let dimensions: [Int]
    /// How the numbers are stored.
    public let type: GGUFTensorType
    /// Keeps the mapping alive as long as the tensor.
    let mapping: FileMapping
    /// Where the tensor lies in the file; within it by ``GGUFFile``'s checks.
    let range: Range<Int>

    /// The stored bytes, valid as long as this tensor, its file, or a copy of either lives.
    /// They begin at a multiple of the file's alignment.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: mapping.bytes[range]) }

    /// How many numbers the tensor holds.
    public var elementCount: Int { dimensions.reduce(1, *) }
}
