import CKernels

/// The weights of a Llama-family model, packed for the kernels. Matrices are [outputs × inputs].
struct ModelWeights: Sendable {
    /// One of the equal layers.
    struct Layer: Sendable {
        /// [width]
        let attentionNorm: AlignedBuffer<Float>
        /// [heads · headWidth × width]
        let query: Matrix
        /// [keyValueHeads · headWidth × width]
        let key: Matrix
        /// [keyValueHeads · headWidth × width]
        let value: Matrix
        /// [width × heads · headWidth]
        let attentionOutput: Matrix
        /// [width]
        let feedForwardNorm: AlignedBuffer<Float>
        /// [hidden × width]
        let gate: Matrix
        /// [hidden × width]
        let up: Matrix
        /// [width × hidden]
        let down: Matrix
    }

    let embeddings: EmbeddingTable
    let layers: [Layer]
    /// [width]
    let outputNorm: AlignedBuffer<Float>
    /// [vocabulary × width]; the embeddings again when the file has no `output.weight`.
    let output: Matrix

    /// Reads and packs every tensor.
    ///
    /// - Throws: `malformedFile` for a missing tensor, a wrong shape or a number that is not finite; `unsupportedModel`
    ///   for a type without kernels or a tensor that the Llama family does not have.
    init(_ file: GGUFFile, _ shape: ModelShape, pool: ThreadPool) throws(LanguageModelError) {
        if let bias = file.tensors.keys.first(where: { $0.hasSuffix(".bias") }) {
            throw LanguageModelError(.unsupportedModel, "the model has biases (\(bias)), which are not supported")
        }
        func matrix(_ name: String, rows: Int, columns: Int) throws(LanguageModelError) -> Matrix {
            try Matrix(try file.tensor(name), rows: rows, columns: columns, pool: pool)
        }
        func vector(_ name: String) throws(LanguageModelError) -> AlignedBuffer<Float> {
            try Self.vector(try file.tensor(name), count: shape.width)
        }
        let (width, hidden) = (shape.width, shape.hidden)
        var layers: [Layer] = []
        for index in 0..<shape.layers {
            let block = "blk.\(index)"
            layers.append(
                Layer(
                    attentionNorm: try vector("\(block).attn_norm.weight"),
                    query: try matrix("\(block).attn_q.weight", rows: shape.queryWidth, columns: width),
                    key: try matrix("\(block).attn_k.weight", rows: shape.keyValueWidth, columns: width),
                    value: try matrix("\(block).attn_v.weight", rows: shape.keyValueWidth, columns: width),
                    attentionOutput: try matrix("\(block).attn_output.weight", rows: width, columns: shape.queryWidth),
                    feedForwardNorm: try vector("\(block).ffn_norm.weight"),
                    gate: try matrix("\(block).ffn_gate.weight", rows: hidden, columns: width),
                    up: try matrix("\(block).ffn_up.weight", rows: hidden, columns: width),
                    down: try matrix("\(block).ffn_down.weight", rows: width, columns: hidden)))
        }
        self.layers = layers
        outputNorm = try vector("output_norm.weight")
        embeddings = try EmbeddingTable(try file.tensor("token_embd.weight"), rows: shape.vocabulary, width: width)
        let outputName = file.tensors["output.weight"] == nil ? "token_embd.weight" : "output.weight"
        output = try matrix(outputName, rows: shape.vocabulary, columns: width)
    }

    /// Whether any product reads activations rounded to 8 bits.
    var readsBlocks: Bool {
        output.readsBlocks
            || layers.contains { layer in
                [
                    layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up, layer.down,
                ].contains(where: \.readsBlocks)
            }
    }

    private static func vector(_ tensor: GGUFTensor, count: Int) throws(LanguageModelError) -> AlignedBuffer<Float> {
        guard tensor.dimensions == [count] else {
            throw .malformed("tensor \(tensor.name) has shape \(tensor.dimensions), not [\(count)]")
        }
        guard tensor.type == .f32 else {
            throw LanguageModelError(.unsupportedModel, "tensor \(tensor.name) has type \(tensor.type.name), not F32")
        }
        let vector = AlignedBuffer<Float>(count: count)
        UnsafeMutableRawBufferPointer(vector.elements).copyMemory(from: tensor.bytes)
        guard vector.elements.allSatisfy(\.isFinite) else {
            throw .malformed("tensor \(tensor.name) holds a number that is not finite")
        }
        return vector
    }
}
