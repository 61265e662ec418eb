import CKernels

/// What flows into a product: a row of numbers for each token, and the same rounded to 8 bits for quantised weights.
final class Activations: Sendable {
    let width: Int
    /// [tokens][width]
    let values: AlignedBuffer<Float>
    /// [tokens][width / 32]; empty when the model has no quantised weights.
    let blocks: AlignedBuffer<ck_activation_block>

    init(tokens: Int, width: Int, rounded: Bool) {
        self.width = width
        values = AlignedBuffer(count: tokens * width)
        blocks = AlignedBuffer(count: rounded ? tokens * width / Int(CK_BLOCK) : 0)
    }

    /// One token's numbers.
    func row(_ token: Int) -> UnsafeMutablePointer<Float> { values.start + token * width }

    /// Rounds one token's numbers.
    func round(_ token: Int, _ kernels: Kernels) {
        guard blocks.count > 0 else { return }
        kernels.table.quantize(row(token), Int64(width), blocks.start + token * width / Int(CK_BLOCK))
    }
}
