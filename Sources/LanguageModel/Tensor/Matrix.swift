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
        let panels = AlignedBuffer<UInt8>(count: try Self.packedBytes(of: tensor))
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
            ? UnsafeRawPointer(inputs.blocks.start + inputRows.lowerBound * inner)
            : UnsafeRawPointer(inputs.values.start + inputRows.lowerBound * inner)
        layout.kernel(kernels)(
            panels.start + range.lowerBound * inner * layout.bytes, input, outputs.start + first, Int64(inner),
            Int64(min(rows, range.upperBound * Self.lanes) - first), Int64(inputRows.count), Int64(rows))
    }
}

/// Which panels a tensor type becomes.
private enum PanelLayout {
    case q4_0, q4_1, q8_0, f16, f32

    init(_ tensor: GGUFTensor) throws(LanguageModelError) {
        switch tensor.type {
        case .q4_0: self = .q4_0
        case .q4_1: self = .q4_1
        case .q8_0: self = .q8_0
        case .f16: self = .f16
        case .f32: self = .f32
        default:
            throw LanguageModelError(
                .unsupportedModel,
                "tensor \(tensor.name) has type \(tensor.type.name); use a file with F32, F16, Q8_0, Q4_0 or Q4_1")
        }
    }

    var readsBlocks: Bool {
        switch self {
        case .q4_0, .q4_1, .q8_0: true
        case .f16, .f32: false
        }
    }

    /// Numbers of a row in one panel block.
    var numbers: Int { readsBlocks ? Int(CK_BLOCK) : 1 }

    /// Bytes of one panel block: 16 rows of `numbers`.
    var bytes: Int {
        switch self {
        case .q4_0, .q4_1: MemoryLayout<ck_panel_q4>.stride
        case .q8_0: MemoryLayout<ck_panel_q8>.stride
        case .f16: Matrix.lanes * 2
        case .f32: Matrix.lanes * 4
        }
    }

    func kernel(_ kernels: Kernels) -> ck_multiply {
        switch self {
        case .q4_0, .q4_1: kernels.table.multiply_q4
        case .q8_0: kernels.table.multiply_q8
        case .f16: kernels.table.multiply_f16
        case .f32: kernels.table.multiply_f32
        }
    }

    /// `inner` is blocks, or numbers, a row.
    func pack(
        _ source: UnsafePointer<UInt8>, _ rows: Int64, _ inner: Int64, _ panels: UnsafeMutablePointer<UInt8>
    ) {
        let panels = UnsafeMutableRawPointer(panels)
        switch self {
        case .q4_0: ck_pack_q4_0(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q4.self))
        case .q4_1: ck_pack_q4_1(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q4.self))
        case .q8_0: ck_pack_q8_0(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q8.self))
        case .f16: ck_pack_f16(source, rows, inner, panels.assumingMemoryBound(to: UInt16.self))
        case .f32: ck_pack_f32(source, rows, inner, panels.assumingMemoryBound(to: Float.self))
        }
    }
}
