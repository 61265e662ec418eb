import CKernels

/// What flows into a product: a row of numbers for each row of a pass, and the same rounded to 8 bits for quantised weights.
final class Activations: Sendable {
    let width: Int
    /// [rows][width]
    let values: AlignedBuffer<Float>
    /// [rows][width / 32]; empty when the model has no quantised weights.
    let blocks: AlignedBuffer<ck_activation_block>

    init(rows: Int, width: Int, rounded: Bool) {
        self.width = width
        values = AlignedBuffer(count: rows * width)
        blocks = AlignedBuffer(count: rounded ? rows * width / Int(CK_BLOCK) : 0)
    }

    /// A row's numbers.
    func row(_ row: Int) -> UnsafeMutablePointer<Float> { values.start + row * width }

    /// Rounds a row's numbers.
    func round(_ row: Int, _ kernels: Kernels) {
        guard blocks.count > 0 else { return }
        kernels.table.quantize(self.row(row), Int64(width), blocks.start + row * width / Int(CK_BLOCK))
    }
}
