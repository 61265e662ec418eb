import CKernels

/// A weight matrix, packed into the panels that the kernels read (kernels.h says how, and why).
///
/// Packing copies the weights once, at about the speed of memory, and gives the file's own pages back to the system.
final class Matrix: Sendable {
    /// Outputs.
    let rows: Int
    /// Inputs.
    let columns: Int
    /// [panels][the panel's bytes]
    private let panels: AlignedBuffer<UInt8>
    private let layout: PanelLayout

    /// Whether the kernels read the inputs as ``Activations/blocks``, not as ``Activations/values``.
    var readsBlocks: Bool { layout.readsBlocks }

    /// - Throws: `malformedFile` when the tensor's shape is not [columns, rows], or a scale or a number in it is not
    ///   finite; `unsupportedModel` for a type without kernels.
    init(_ tensor: GGUFTensor, rows: Int, columns: Int, pool: ThreadPool) throws(LanguageModelError) {
        try tensor.require(shape: [columns, rows])
        let layout = try PanelLayout(tensor)
        let panelCount = (rows + Self.lanes - 1) / Self.lanes
        let panels = AlignedBuffer<UInt8>(count: try Self.packedBytes(of: tensor), isZero: false)
        let bytesPerRow = columns / tensor.type.blockSize * tensor.type.bytesPerBlock
        let bytesPerPanel = columns / layout.numbers * layout.bytes
        // [panels]: set where a part begins that holds a number which is not finite.
        let broken = AlignedBuffer<Bool>(count: panelCount)
        pool.run(over: panelCount, atLeast: 8) { part in
            let rows = part.lowerBound * Self.lanes..<min(rows, part.upperBound * Self.lanes)
            let stored = UnsafeRawBufferPointer(
                rebasing: tensor.bytes[rows.lowerBound * bytesPerRow..<rows.upperBound * bytesPerRow])
            guard let source = stored.bindMemory(to: UInt8.self).baseAddress else { return }
            broken.elements[part.lowerBound] = !tensor.areFinite(stored)
            layout.pack(
                source, Int64(rows.count), Int64(columns / layout.numbers),
                panels.start + part.lowerBound * bytesPerPanel)
        }
        guard !broken.elements.contains(true) else { throw tensor.notFinite }
        tensor.mapping.release(tensor.range)
        self.rows = rows
        self.columns = columns
        self.panels = panels
        self.layout = layout
    }

    /// A matrix of numbers that are in memory: an adapter's. numbers: [rows][columns]
    init(_ numbers: [Float], rows: Int, columns: Int) {
        precondition(numbers.count == rows * columns)
        self.rows = rows
        self.columns = columns
        layout = .f32
        panels = AlignedBuffer(count: (rows + Self.lanes - 1) / Self.lanes * columns * layout.bytes)
        numbers.withUnsafeBytes { bytes in
            guard let source = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
            layout.pack(source, Int64(rows), Int64(columns), panels.start)
        }
    }

    /// Rows in a panel.
    static let lanes = Int(CK_LANES)

    /// What a matrix of this tensor takes in memory.
    ///
    /// - Throws: `unsupportedModel` for a type without kernels.
    static func packedBytes(of tensor: GGUFTensor) throws(LanguageModelError) -> Int {
        let layout = try PanelLayout(tensor)
        let columns = tensor.dimensions[0]
        return (tensor.elementCount / columns + lanes - 1) / lanes * (columns / layout.numbers) * layout.bytes
    }

    var panelCount: Int { (rows + Self.lanes - 1) / Self.lanes }

    /// outputs[i][output] for the outputs of these panels and each of the inputs' `rows`; outputs are
    /// [rows.count][self.rows].
    func multiply(
        panels range: Range<Int>, _ inputs: Activations, rows inputRows: Range<Int>, into outputs: AlignedBuffer<Float>,
        kernels: Kernels
    ) {
        let inner = columns / layout.numbers
        let first = range.lowerBound * Self.lanes
        let input: UnsafeRawPointer =
            readsBlocks
            ? UnsafeRawPointer(inputs.blocks.start + inputRows.lowerBound * inner * layout.inputs)
            : UnsafeRawPointer(inputs.values.start + inputRows.lowerBound * inner * layout.inputs)
        layout.kernel(kernels)(
            panels.start + range.lowerBound * inner * layout.bytes, input, outputs.start + first, Int64(inner),
            Int64(min(rows, range.upperBound * Self.lanes) - first), Int64(inputRows.count), Int64(rows))
    }
}
