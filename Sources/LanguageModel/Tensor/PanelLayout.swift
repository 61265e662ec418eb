import CKernels

/// Which panels a tensor type becomes.
enum PanelLayout: Sendable {
    case q4_0, q4_1, q4_k, q5_0, q5_1, q5_k, q6_k, q8_0, f16, bf16, f32

    /// - Throws: `unsupportedModel` for a type without kernels.
    init(_ tensor: GGUFTensor) throws(LanguageModelError) {
        switch tensor.type {
        case .q4_0: self = .q4_0
        case .q4_1: self = .q4_1
        case .q4_k: self = .q4_k
        case .q5_0: self = .q5_0
        case .q5_1: self = .q5_1
        case .q5_k: self = .q5_k
        case .q6_k: self = .q6_k
        case .q8_0: self = .q8_0
        case .f16: self = .f16
        case .bf16: self = .bf16
        case .f32: self = .f32
        default: throw tensor.unsupportedType
        }
    }

    /// Whether the kernels read the inputs as ``Activations/blocks``, not as ``Activations/values``.
    var readsBlocks: Bool {
        switch self {
        case .f16, .bf16, .f32: false
        default: true
        }
    }

    /// Numbers of a row in one panel block.
    var numbers: Int {
        switch self {
        case .f16, .bf16, .f32: 1
        case .q4_k, .q5_k, .q6_k: Int(CK_GROUPS * CK_BLOCK)
        default: Int(CK_BLOCK)
        }
    }

    /// Inputs to a panel block: blocks of activations, or numbers.
    var inputs: Int { readsBlocks ? numbers / Int(CK_BLOCK) : numbers }

    /// Bytes of one panel block: 16 rows of `numbers`.
    var bytes: Int {
        switch self {
        case .q4_0, .q4_1: MemoryLayout<ck_panel_q4>.stride
        case .q4_k: MemoryLayout<ck_panel_q4k>.stride
        case .q5_0, .q5_1: MemoryLayout<ck_panel_q5>.stride
        case .q5_k: MemoryLayout<ck_panel_q5k>.stride
        case .q6_k: MemoryLayout<ck_panel_q6k>.stride
        case .q8_0: MemoryLayout<ck_panel_q8>.stride
        case .f16, .bf16: Matrix.lanes * 2
        case .f32: Matrix.lanes * 4
        }
    }

    func kernel(_ kernels: Kernels) -> ck_multiply {
        switch self {
        case .q4_0, .q4_1: kernels.table.multiply_q4
        case .q4_k: kernels.table.multiply_q4k
        case .q5_0, .q5_1: kernels.table.multiply_q5
        case .q5_k: kernels.table.multiply_q5k
        case .q6_k: kernels.table.multiply_q6k
        case .q8_0: kernels.table.multiply_q8
        case .f16: kernels.table.multiply_f16
        case .bf16: kernels.table.multiply_bf16
        case .f32: kernels.table.multiply_f32
        }
    }

    /// `inner` is panel blocks, or numbers, a row.
    func pack(
        _ source: UnsafePointer<UInt8>, _ rows: Int64, _ inner: Int64, _ panels: UnsafeMutablePointer<UInt8>
    ) {
        let panels = UnsafeMutableRawPointer(panels)
        switch self {
        case .q4_0: ck_pack_q4_0(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q4.self))
        case .q4_1: ck_pack_q4_1(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q4.self))
        case .q4_k: ck_pack_q4_k(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q4k.self))
        case .q5_0: ck_pack_q5_0(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q5.self))
        case .q5_1: ck_pack_q5_1(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q5.self))
        case .q5_k: ck_pack_q5_k(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q5k.self))
        case .q6_k: ck_pack_q6_k(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q6k.self))
        case .q8_0: ck_pack_q8_0(source, rows, inner, panels.assumingMemoryBound(to: ck_panel_q8.self))
        case .f16, .bf16: ck_pack_16(source, rows, inner, panels.assumingMemoryBound(to: UInt16.self))
        case .f32: ck_pack_32(source, rows, inner, panels.assumingMemoryBound(to: Float.self))
        }
    }
}
