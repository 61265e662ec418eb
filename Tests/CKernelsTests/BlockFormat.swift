import CKernels

/// The block formats, as ggml lays them out.
enum BlockFormat: String, CaseIterable {
    case q4_0, q4_1, q4_k, q5_0, q5_1, q5_k, q6_k, q8_0

    /// Numbers of a block.
    var numbers: Int { [.q4_k, .q5_k, .q6_k].contains(self) ? 256 : 32 }

    var bytesPerBlock: Int {
        switch self {
        case .q4_0: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q4_k: 144
        case .q5_k: 176
        case .q6_k: 210
        }
    }

    /// Where a block's scale, and its minimum if it has one, lie.
    private var halves: [Int] {
        switch self {
        case .q4_0, .q5_0, .q8_0: [0]
        case .q4_1, .q5_1, .q4_k, .q5_k: [0, 2]
        case .q6_k: [208]
        }
    }

    /// Rows of random quants with sensible scales.
    func rows(_ rows: Int, blocks: Int, noise: inout Noise) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<rows * blocks {
            var block = noise.bytes(bytesPerBlock)
            for (place, offset) in halves.enumerated() {
                block.replaceSubrange(offset..<offset + 2, with: half(noise.float() * (place == 0 ? 0.1 : 1)))
            }
            bytes += block
        }
        return bytes
    }

    /// The rows as plain numbers.
    func unpack(_ bytes: [UInt8], count: Int) -> [Float] {
        var out = [Float](repeating: 0, count: count)
        let unpack =
            switch self {
            case .q4_0: ck_unpack_q4_0
            case .q4_1: ck_unpack_q4_1
            case .q4_k: ck_unpack_q4_k
            case .q5_0: ck_unpack_q5_0
            case .q5_1: ck_unpack_q5_1
            case .q5_k: ck_unpack_q5_k
            case .q6_k: ck_unpack_q6_k
            case .q8_0: ck_unpack_q8_0
            }
        unpack(bytes, Int64(count), &out)
        return out
    }

    /// Packs the rows and multiplies them. outputs: [tokens][stride]
    func multiply(
        _ kernels: ck_kernels, _ bytes: [UInt8], _ inputs: [ck_activation_block], rows: Int, blocks: Int, tokens: Int,
        stride: Int, into outputs: inout [Float]
    ) {
        switch self {
        case .q4_0: product(ck_pack_q4_0, kernels.multiply_q4)
        case .q4_1: product(ck_pack_q4_1, kernels.multiply_q4)
        case .q4_k: product(ck_pack_q4_k, kernels.multiply_q4k)
        case .q5_0: product(ck_pack_q5_0, kernels.multiply_q5)
        case .q5_1: product(ck_pack_q5_1, kernels.multiply_q5)
        case .q5_k: product(ck_pack_q5_k, kernels.multiply_q5k)
        case .q6_k: product(ck_pack_q6_k, kernels.multiply_q6k)
        case .q8_0: product(ck_pack_q8_0, kernels.multiply_q8)
        }

        func product<Panel>(
            _ pack: (UnsafePointer<UInt8>?, Int64, Int64, UnsafeMutablePointer<Panel>?) -> Void, _ multiply: ck_multiply
        ) {
            let count = (rows + 15) / 16 * blocks
            let panels = UnsafeMutablePointer<Panel>.allocate(capacity: count)
            defer { panels.deallocate() }
            // What packing leaves as it was must not be zero by chance.
            UnsafeMutableRawPointer(panels).initializeMemory(
                as: UInt8.self, repeating: 0xff, count: count * MemoryLayout<Panel>.stride)
            pack(bytes, Int64(rows), Int64(blocks), panels)
            multiply(panels, inputs, &outputs, Int64(blocks), Int64(rows), Int64(tokens), Int64(stride))
        }
    }

    private func half(_ value: Float) -> [UInt8] {
        var bits: UInt16 = 0
        ck_store_halves([value], 1, &bits, 1)
        return [UInt8(bits & 255), UInt8(bits >> 8)]
    }
}
