import CKernels

/// A model's weights, packed for the kernels. Matrices are [outputs × inputs].
struct ModelWeights: Sendable {
    /// One of the equal layers. What is optional is `nil` where the architecture, or the file, has none.
    struct Layer: Sendable {
        /// [width]
        let attentionNorm: AlignedBuffer<Float>
        /// [heads · headWidth × width]
        let query: Matrix
        /// [keyValueHeads · headWidth × width]
        let key: Matrix
        /// [keyValueHeads · headWidth × width]
        let value: Matrix
        /// [heads · headWidth]
        let queryBias: AlignedBuffer<Float>?
        /// [keyValueHeads · headWidth]
        let keyBias: AlignedBuffer<Float>?
        /// [keyValueHeads · headWidth]
        let valueBias: AlignedBuffer<Float>?
        /// The norm of each query head before it turns. [headWidth]
        let queryNorm: AlignedBuffer<Float>?
        /// The norm of each key head before it turns. [headWidth]
        let keyNorm: AlignedBuffer<Float>?
        /// [width × heads · headWidth]
        let attentionOutput: Matrix
        /// The norm of what attention gives, before it is added to the stream. [width]
        let attentionPostNorm: AlignedBuffer<Float>?
        /// [width]
        let feedForwardNorm: AlignedBuffer<Float>
        /// [hidden × width]
        let gate: Matrix
        /// [hidden × width]
        let up: Matrix
        /// [width × hidden]
        let down: Matrix
        /// The norm of what the feed-forward part gives, before it is added to the stream. [width]
        let feedForwardPostNorm: AlignedBuffer<Float>?
    }

    let embeddings: EmbeddingTable
    let layers: [Layer]
    /// [width]
    let outputNorm: AlignedBuffer<Float>
    /// [vocabulary × width]; the embeddings again when the file has no `output.weight`.
    let output: Matrix

    /// Reads and packs every tensor.
    ///
    /// - Throws: `insufficientMemory` before anything is packed; `malformedFile` for a missing tensor, a wrong shape or
    ///   a number that is not finite; `unsupportedModel` for a type without kernels or a tensor that we do not use.
    init(_ file: GGUFFile, _ shape: ModelShape, pool: ThreadPool) throws(LanguageModelError) {
        let isTied = file.tensors["output.weight"] == nil
        try Self.requireMemory(file, isTied: isTied)
        var tensors = TensorsByName(file, pool: pool)
        let (width, hidden) = (shape.width, shape.hidden)
        let (queryWidth, keyValueWidth) = (shape.queryWidth, shape.keyValueWidth)
        let (headNorms, postNorms) = (shape.architecture.hasHeadNorms, shape.architecture.hasPostNorms)
        var layers: [Layer] = []
        for index in 0..<shape.layers {
            let block = "blk.\(index)"
            layers.append(
                Layer(
                    attentionNorm: try tensors.vector("\(block).attn_norm.weight", width),
                    query: try tensors.matrix("\(block).attn_q.weight", rows: queryWidth, columns: width),
                    key: try tensors.matrix("\(block).attn_k.weight", rows: keyValueWidth, columns: width),
                    value: try tensors.matrix("\(block).attn_v.weight", rows: keyValueWidth, columns: width),
                    queryBias: try tensors.vectorIfThere("\(block).attn_q.bias", queryWidth),
                    keyBias: try tensors.vectorIfThere("\(block).attn_k.bias", keyValueWidth),
                    valueBias: try tensors.vectorIfThere("\(block).attn_v.bias", keyValueWidth),
                    queryNorm: headNorms ? try tensors.vector("\(block).attn_q_norm.weight", shape.headWidth) : nil,
                    keyNorm: headNorms ? try tensors.vector("\(block).attn_k_norm.weight", shape.headWidth) : nil,
                    attentionOutput: try tensors.matrix(
                        "\(block).attn_output.weight", rows: width, columns: queryWidth),
                    attentionPostNorm: postNorms
                        ? try tensors.vector("\(block).post_attention_norm.weight", width) : nil,
                    feedForwardNorm: try tensors.vector("\(block).ffn_norm.weight", width),
                    gate: try tensors.matrix("\(block).ffn_gate.weight", rows: hidden, columns: width),
                    up: try tensors.matrix("\(block).ffn_up.weight", rows: hidden, columns: width),
                    down: try tensors.matrix("\(block).ffn_down.weight", rows: width, columns: hidden),
                    feedForwardPostNorm: postNorms ? try tensors.vector("\(block).post_ffw_norm.weight", width) : nil))
        }
        self.layers = layers
        outputNorm = try tensors.vector("output_norm.weight", width)
        output = try tensors.matrix(
            isTied ? "token_embd.weight" : "output.weight", rows: shape.vocabulary, columns: width)
        embeddings = try tensors.embeddings(
            "token_embd.weight", rows: shape.vocabulary, width: width, areKnownFinite: isTied)
        try tensors.requireNothingLeft()
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

    /// Refuses a model whose packed matrices are larger than the memory that is free.
    private static func requireMemory(_ file: GGUFFile, isTied: Bool) throws(LanguageModelError) {
        guard let available = AvailableMemory.bytes else { return }
        var needed = 0
        for tensor in file.tensors.values where tensor.dimensions.count > 1 {
            if isTied || tensor.name != "token_embd.weight" { needed += try Matrix.packedBytes(of: tensor) }
        }
        guard needed <= available else {
            throw LanguageModelError(
                .insufficientMemory,
                """
                the model's weights take \(needed >> 20) MiB and \(available >> 20) MiB of memory are free; use a \
                smaller model or a smaller type of weights
                """)
        }
    }
}

/// A file's tensors as they are taken into use.
private struct TensorsByName {
    private let file: GGUFFile
    private let pool: ThreadPool
    /// The tensors that nobody has asked for yet; ``RotaryShape`` has read its own.
    private var unused: Set<String>

    init(_ file: GGUFFile, pool: ThreadPool) {
        self.file = file
        self.pool = pool
        unused = Set(file.tensors.keys).subtracting(["rope_freqs.weight"])
    }

    mutating func matrix(_ name: String, rows: Int, columns: Int) throws(LanguageModelError) -> Matrix {
        try Matrix(try take(name), rows: rows, columns: columns, pool: pool)
    }

    mutating func vector(_ name: String, _ count: Int) throws(LanguageModelError) -> AlignedBuffer<Float> {
        try take(name).floats(count: count)
    }

    mutating func vectorIfThere(_ name: String, _ count: Int) throws(LanguageModelError) -> AlignedBuffer<Float>? {
        file.tensors[name] == nil ? nil : try vector(name, count)
    }

    mutating func embeddings(_ name: String, rows: Int, width: Int, areKnownFinite: Bool) throws(LanguageModelError)
        -> EmbeddingTable
    {
        let tensor = try take(name)
        guard areKnownFinite || tensor.areFinite(tensor.bytes) else { throw tensor.notFinite }
        return try EmbeddingTable(tensor, rows: rows, width: width)
    }

    private mutating func take(_ name: String) throws(LanguageModelError) -> GGUFTensor {
        unused.remove(name)
        return try file.tensor(name)
    }

    /// A weight that we would leave out would silently make another model of it.
    func requireNothingLeft() throws(LanguageModelError) {
        guard let name = unused.min() else { return }
        throw LanguageModelError(.unsupportedModel, "the model has the tensor \(name), which is not supported")
    }
}
