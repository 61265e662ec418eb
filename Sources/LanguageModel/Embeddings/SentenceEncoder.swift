import CKernels

/// A BERT encoder (Devlin and others, 2018, <https://arxiv.org/abs/1810.04805>): every token looks at every other of its
/// text, norms come after what they norm, and products have biases.
///
/// Texts of a pass lie one behind the other, without padding: products take all their tokens at once, attention each
/// text alone. A token's numbers depend on its own text only, bit by bit.
/// Sizes in comments: n tokens in the pass, w width, h hidden, t tokens of one text, d numbers of a head.
struct SentenceEncoder: Sendable {
    let shape: EncoderShape
    private let weights: EncoderWeights
    private let pool: ThreadPool
    private let kernels: Kernels

    init(_ file: SafetensorsFile, _ shape: EncoderShape, pool: ThreadPool, kernels: Kernels = .best)
        throws(LanguageModelError)
    {
        self.shape = shape
        weights = try EncoderWeights(file, shape)
        self.pool = pool
        self.kernels = kernels
    }

    /// The vectors of texts, given as their tokens: each the mean of its tokens, of length 1.
    ///
    /// - Throws: `malformedFile` when the weights give a number that is not finite.
    func vectors(of texts: [[Int32]]) throws(LanguageModelError) -> [[Float]] {
        let pass = EncoderPass(texts, shape)
        try embed(texts, pass)
        for layer in weights.layers {
            attend(layer, pass)
            feedForward(layer, pass)
        }
        var vectors: [[Float]] = []
        for text in pass.texts { vectors.append(try pooled(text, pass)) }
        return vectors
    }

    /// stream = norm(word + position + type)
    private func embed(_ texts: [[Int32]], _ pass: EncoderPass) throws(LanguageModelError) {
        let width = shape.width
        for (text, range) in zip(texts, pass.texts) {
            for (position, (token, row)) in zip(text, range).enumerated() {
                let word = try weights.words.floats(Int(token) * width..<(Int(token) + 1) * width)
                let stream = pass.stream.row(row)
                stream.update(from: weights.positions.start + position * width, count: width)
                kernels.table.add(stream, word, Int64(width))
                normalize(stream, weights.embeddingNorm)
            }
        }
    }

    /// stream = norm(stream + output · attention(query, keys, values))
    private func attend(_ layer: EncoderWeights.Layer, _ pass: EncoderPass) {
        multiply(layer.query, pass.stream, into: pass.query, pass)  // [n][w]
        multiply(layer.key, pass.stream, into: pass.key, pass)  // [n][w]
        multiply(layer.value, pass.stream, into: pass.value, pass)  // [n][w]
        let heads = shape.heads
        pool.run(chunks: pass.texts.count * heads) { [self] unit in
            let (text, head) = unit.quotientAndRemainder(dividingBy: heads)
            attend(pass.texts[text], head: head, pass)
        }
        multiply(layer.attentionOutput, pass.mixed, into: pass.change, pass)  // [n][w]
        addChange(layer.attentionNorm, pass)
    }

    /// One head of one text. Two products of this text's own matrices, so the kernels of weights serve here too.
    private func attend(_ text: Range<Int>, head: Int, _ pass: EncoderPass) {
        let (width, headWidth) = (shape.width, shape.headWidth)
        // A softmax works on whole registers: keys that are not there get no weight.
        let padded = (text.count + Matrix.lanes - 1) / Matrix.lanes * Matrix.lanes
        let queries = Activations(rows: text.count, width: headWidth, rounded: false)  // [t][d]
        var keys = [Float](repeating: 0, count: padded * headWidth)  // [t][d]
        var values = [Float](repeating: 0, count: headWidth * padded)  // [d][t]
        for (place, row) in text.enumerated() {
            let start = row * width + head * headWidth
            queries.row(place).update(from: pass.query.start + start, count: headWidth)
            for index in 0..<headWidth {
                keys[place * headWidth + index] = pass.key.start[start + index]
                values[index * padded + place] = pass.value.start[start + index]
            }
        }
        let weights = Activations(rows: text.count, width: padded, rounded: false)  // [t][t]
        let mixed = AlignedBuffer<Float>(count: text.count * headWidth)  // [t][d]
        let keyMatrix = Matrix(keys, rows: padded, columns: headWidth)
        let valueMatrix = Matrix(values, rows: headWidth, columns: padded)
        keyMatrix.multiply(
            panels: 0..<keyMatrix.panelCount, queries, rows: 0..<text.count, into: weights.values, kernels: kernels)
        for place in 0..<text.count {
            let factor = kernels.table.soften(
                weights.row(place), 0, Int64(text.count), Int64(padded), 1 / Float(headWidth).squareRoot())
            kernels.table.scale(weights.row(place), factor, Int64(padded))
        }
        valueMatrix.multiply(
            panels: 0..<valueMatrix.panelCount, weights, rows: 0..<text.count, into: mixed, kernels: kernels)
        for (place, row) in text.enumerated() {
            (pass.mixed.row(row) + head * headWidth).update(from: mixed.start + place * headWidth, count: headWidth)
        }
    }

    /// stream = norm(stream + down · gelu(up · stream))
    private func feedForward(_ layer: EncoderWeights.Layer, _ pass: EncoderPass) {
        multiply(layer.up, pass.stream, into: pass.hidden.values, pass)  // [n][h]
        forEachRow(pass) { [self] row in kernels.table.gelu_erf(pass.hidden.row(row), Int64(shape.hidden)) }
        multiply(layer.down, pass.hidden, into: pass.change, pass)  // [n][w]
        addChange(layer.outputNorm, pass)
    }

    // MARK: Steps

    /// out = W · inputs + b for all tokens of the pass. out: [n][outputs]
    private func multiply(
        _ linear: EncoderWeights.Linear, _ inputs: Activations, into out: AlignedBuffer<Float>, _ pass: EncoderPass
    ) {
        let outputs = linear.matrix.rows
        pool.run(over: linear.matrix.panelCount, atLeast: 2) { [kernels] panels in
            linear.matrix.multiply(panels: panels, inputs, rows: 0..<pass.tokens, into: out, kernels: kernels)
        }
        forEachRow(pass) { [kernels] row in
            kernels.table.add(out.start + row * outputs, linear.bias.start, Int64(outputs))
        }
    }

    /// stream = norm(stream + change)
    private func addChange(_ norm: EncoderWeights.Norm, _ pass: EncoderPass) {
        let width = shape.width
        forEachRow(pass) { [self] row in
            kernels.table.add(pass.stream.row(row), pass.change.start + row * width, Int64(width))
            normalize(pass.stream.row(row), norm)
        }
    }

    private func normalize(_ row: UnsafeMutablePointer<Float>, _ norm: EncoderWeights.Norm) {
        kernels.table.layer_norm(row, norm.weight.start, norm.bias.start, shape.normEpsilon, Int64(shape.width))
    }

    private func forEachRow(_ pass: EncoderPass, _ body: @escaping @Sendable (Int) -> Void) {
        pool.run(over: pass.tokens, atLeast: 8) { rows in
            for row in rows { body(row) }
        }
    }

    /// The mean of a text's tokens, divided by its length.
    private func pooled(_ text: Range<Int>, _ pass: EncoderPass) throws(LanguageModelError) -> [Float] {
        var sums = [Double](repeating: 0, count: shape.width)
        for row in text {
            for index in 0..<shape.width { sums[index] += Double(pass.stream.row(row)[index]) }
        }
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite else { throw .malformedEncoder("its weights give a vector that is not finite") }
        return sums.map { Float($0 / max(length, 1e-12)) }
    }
}

/// The texts of one pass, and its buffers.
struct EncoderPass: Sendable {
    /// Each text's rows.
    let texts: [Range<Int>]
    /// n.
    let tokens: Int
    /// [n][w]
    let stream: Activations
    /// [n][w]
    let query: AlignedBuffer<Float>
    /// [n][w]
    let key: AlignedBuffer<Float>
    /// [n][w]
    let value: AlignedBuffer<Float>
    /// The values that attention mixed. [n][w]
    let mixed: Activations
    /// What a half of a layer adds to the stream. [n][w]
    let change: AlignedBuffer<Float>
    /// [n][h]
    let hidden: Activations

    init(_ texts: [[Int32]], _ shape: EncoderShape) {
        var ranges: [Range<Int>] = []
        for text in texts {
            let start = ranges.last?.upperBound ?? 0
            ranges.append(start..<start + text.count)
        }
        self.texts = ranges
        tokens = ranges.last?.upperBound ?? 0
        stream = Activations(rows: tokens, width: shape.width, rounded: false)
        query = AlignedBuffer(count: tokens * shape.width)
        key = AlignedBuffer(count: tokens * shape.width)
        value = AlignedBuffer(count: tokens * shape.width)
        mixed = Activations(rows: tokens, width: shape.width, rounded: false)
        change = AlignedBuffer(count: tokens * shape.width)
        hidden = Activations(rows: tokens, width: shape.hidden, rounded: false)
    }
}
