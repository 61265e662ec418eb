/// The weights of a BERT encoder, packed for the kernels. Matrices are [outputs × inputs].
struct EncoderWeights: Sendable {
    /// A product with something added: y = W x + b.
    struct Linear: Sendable {
        let matrix: Matrix
        /// [outputs]
        let bias: AlignedBuffer<Float>
    }

    /// The two vectors of a layer norm. [width]
    struct Norm: Sendable {
        let weight: AlignedBuffer<Float>
        let bias: AlignedBuffer<Float>
    }

    /// One of the equal layers.
    struct Layer: Sendable {
        /// [width × width]
        let query: Linear
        /// [width × width]
        let key: Linear
        /// [width × width]
        let value: Linear
        /// [width × width]
        let attentionOutput: Linear
        let attentionNorm: Norm
        /// [hidden × width]
        let up: Linear
        /// [width × hidden]
        let down: Linear
        let outputNorm: Norm
    }

    /// [vocabulary, width], read row by row from the mapped file.
    let words: SafetensorsTensor
    /// What every token at a position begins with: the position's vector and that of the first token type.
    /// [longest text][width]
    let positions: AlignedBuffer<Float>
    let embeddingNorm: Norm
    let layers: [Layer]

    /// - Throws: `malformedFile` for a missing tensor, a wrong shape or a number that is not finite; `unsupportedModel`
    ///   for a type that is not floating-point.
    init(_ file: SafetensorsFile, _ shape: EncoderShape) throws(LanguageModelError) {
        func numbers(_ name: String, _ wanted: [Int]) throws(LanguageModelError) -> [Float] {
            try Self.tensor(file, name, wanted).floats()
        }
        func vector(_ name: String, _ count: Int) throws(LanguageModelError) -> AlignedBuffer<Float> {
            AlignedBuffer(try numbers(name, [count]))
        }
        func norm(_ name: String) throws(LanguageModelError) -> Norm {
            Norm(
                weight: try vector("\(name).LayerNorm.weight", shape.width),
                bias: try vector("\(name).LayerNorm.bias", shape.width))
        }
        func linear(_ name: String, _ rows: Int, _ columns: Int) throws(LanguageModelError) -> Linear {
            Linear(
                matrix: Matrix(try numbers("\(name).weight", [rows, columns]), rows: rows, columns: columns),
                bias: try vector("\(name).bias", rows))
        }
        let (width, hidden) = (shape.width, shape.hidden)
        words = try Self.tensor(file, "embeddings.word_embeddings.weight", [shape.vocabulary, width])
        let places = try file.tensor("embeddings.position_embeddings.weight")
        guard places.shape.count == 2, places.shape[0] >= shape.longestText, places.shape[1] == width else {
            throw .malformedSafetensors("tensor \(places.name) has shape \(places.shape)")
        }
        let types = try file.tensor("embeddings.token_type_embeddings.weight")
        guard types.shape.count == 2, types.shape[0] >= 1, types.shape[1] == width else {
            throw .malformedSafetensors("tensor \(types.name) has shape \(types.shape)")
        }
        let type = try types.floats(0..<width)
        let positions = try places.floats(0..<shape.longestText * width)
        self.positions = AlignedBuffer(positions.indices.map { positions[$0] + type[$0 % width] })
        embeddingNorm = try norm("embeddings")
        var layers: [Layer] = []
        for index in 0..<shape.layers {
            let block = "encoder.layer.\(index)"
            layers.append(
                Layer(
                    query: try linear("\(block).attention.self.query", width, width),
                    key: try linear("\(block).attention.self.key", width, width),
                    value: try linear("\(block).attention.self.value", width, width),
                    attentionOutput: try linear("\(block).attention.output.dense", width, width),
                    attentionNorm: try norm("\(block).attention.output"),
                    up: try linear("\(block).intermediate.dense", hidden, width),
                    down: try linear("\(block).output.dense", width, hidden),
                    outputNorm: try norm("\(block).output")))
        }
        self.layers = layers
    }

    private static func tensor(_ file: SafetensorsFile, _ name: String, _ shape: [Int]) throws(LanguageModelError)
        -> SafetensorsTensor
    {
        let tensor = try file.tensor(name)
        guard tensor.shape == shape else {
            throw .malformedSafetensors("tensor \(name) has shape \(tensor.shape), not \(shape)")
        }
        return tensor
    }
}
