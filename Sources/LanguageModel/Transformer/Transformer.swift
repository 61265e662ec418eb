import CKernels

/// A Llama-family model: RMS norms, rotary positions, grouped-query attention, SwiGLU.
///
/// A pass takes a chunk of one sequence's tokens through all layers at once. Every product is a matrix with a matrix;
/// a token's numbers depend on the tokens before it alone, bit by bit, not on the chunk, the threads or the cache.
/// Sizes in comments: n tokens in the chunk, w width, h hidden, q and k the widths of all query and of all key heads.
package final class Transformer: Sendable {
    package let shape: ModelShape
    let weights: ModelWeights
    private let pool: ThreadPool
    private let kernels: Kernels
    private let layout: KeyValueLayout

    package init(_ file: GGUFFile, pool: ThreadPool, kernels: Kernels = .best) throws(LanguageModelError) {
        shape = try ModelShape(file)
        weights = try ModelWeights(file, shape, pool: pool)
        layout = KeyValueLayout(shape)
        self.pool = pool
        self.kernels = kernels
    }

    /// Buffers for passes of up to `chunk` tokens.
    func workspace(chunk: Int) -> Workspace { Workspace(shape, chunk: chunk, rounded: weights.readsBlocks) }

    /// Takes tokens through the model behind what `cache` holds, and adds them to it.
    ///
    /// At most `workspace.chunk` tokens, each in the vocabulary. The stream that leaves the last layer stays in the
    /// workspace for ``logits(of:_:into:)``.
    func forward(_ tokens: ArraySlice<Int32>, _ cache: inout KeyValueCache, _ workspace: Workspace) {
        precondition(tokens.count <= workspace.chunk)
        let first = cache.count
        cache.extend(by: tokens)
        let pages = PageTable(cache.pages)
        for (token, id) in tokens.enumerated() {
            weights.embeddings.read(id, into: workspace.stream.start + token * shape.width)  // [n][w]
            workspace.angles.set(token, position: first + token)
        }
        for (index, layer) in weights.layers.enumerated() {
            attend(index, layer, tokens.count, first, pages, workspace)
            feedForward(layer, tokens.count, workspace)
        }
    }

    /// The logits of these tokens of the last pass. out: [rows.count][vocabulary]
    func logits(of rows: Range<Int>, _ workspace: Workspace, into out: AlignedBuffer<Float>) {
        for row in rows { normalize(row, weights.outputNorm, workspace) }
        multiply([(weights.output, out)], workspace.normed, tokens: rows)
    }

    // MARK: A layer

    /// stream += output · attention(query, keys so far, values so far)
    private func attend(
        _ index: Int, _ layer: ModelWeights.Layer, _ count: Int, _ first: Int, _ pages: PageTable,
        _ workspace: Workspace
    ) {
        let (shape, layout, kernels) = (self.shape, self.layout, self.kernels)
        let headWidth = shape.headWidth
        forEachToken(count) { [self] token in normalize(token, layer.attentionNorm, workspace) }  // [n][w]
        multiply(
            [
                (layer.query, workspace.query),  // [n][q]
                (layer.key, workspace.key),  // [n][k]
                (layer.value, workspace.value),  // [n][k]
            ], workspace.normed, tokens: 0..<count)

        // Positions first: all keys of the chunk must be in the cache before any token looks back at them.
        forEachToken(count) { token in
            let cosine = workspace.angles.cosine.start + token * workspace.angles.pairs
            let sine = workspace.angles.sine.start + token * workspace.angles.pairs
            let query = workspace.query.start + token * shape.queryWidth
            let key = workspace.key.start + token * shape.keyValueWidth
            let value = workspace.value.start + token * shape.keyValueWidth
            kernels.table.rotate(query, cosine, sine, Int64(shape.heads), Int64(headWidth))
            kernels.table.rotate(key, cosine, sine, Int64(shape.keyValueHeads), Int64(headWidth))
            let (page, slot) = (first + token).quotientAndRemainder(dividingBy: KeyValuePage.positions)
            for head in 0..<shape.keyValueHeads {
                layout.store(
                    key: key + head * headWidth, value: value + head * headWidth, layer: index, head: head,
                    slot: slot, in: pages.pages[page])
            }
        }

        // One unit is a token and a key head with the query heads that share it. Neighbouring units share the head,
        // so that its keys stay in the processor's cache.
        let group = shape.heads / shape.keyValueHeads
        pool.run(over: count * shape.keyValueHeads, atLeast: min(count, 4)) { units in
            let longest = (first + count + 15) / 16 * 16
            withUnsafeTemporaryAllocation(of: Float.self, capacity: min(group, 4) * longest) { scores in
                guard let scores = scores.baseAddress else { return }
                for unit in units {
                    let (head, token) = unit.quotientAndRemainder(dividingBy: count)
                    let cache = ck_attention_pages(
                        pages: pages.beginnings.start, keys: Int64(layout.keys(layer: index, head: head)),
                        values: Int64(layout.values(layer: index, head: head)))
                    let offset = token * shape.queryWidth + head * group * headWidth
                    kernels.table.attend(
                        workspace.query.start + offset, cache, Int64(group), Int64(headWidth),
                        Int64(first + token + 1), 1 / Float(headWidth).squareRoot(), scores,
                        workspace.mixed.values.start + offset)
                }
            }
        }
        forEachToken(count) { token in workspace.mixed.round(token, kernels) }  // [n][q]
        multiply([(layer.attentionOutput, workspace.change)], workspace.mixed, tokens: 0..<count)  // [n][w]
        addChange(count, workspace)
    }

    /// stream += down · (silu(gate · x) ∘ (up · x))
    private func feedForward(_ layer: ModelWeights.Layer, _ count: Int, _ workspace: Workspace) {
        let (kernels, hidden) = (self.kernels, shape.hidden)
        forEachToken(count) { [self] token in normalize(token, layer.feedForwardNorm, workspace) }  // [n][w]
        multiply(
            [
                (layer.gate, workspace.gate.values),  // [n][h]
                (layer.up, workspace.up),  // [n][h]
            ], workspace.normed, tokens: 0..<count)
        forEachToken(count) { token in
            kernels.table.silu_product(
                workspace.gate.row(token), workspace.up.start + token * hidden, Int64(hidden))
            workspace.gate.round(token, kernels)
        }
        multiply([(layer.down, workspace.change)], workspace.gate, tokens: 0..<count)  // [n][w]
        addChange(count, workspace)
    }

    // MARK: Steps

    /// normed = norm(stream) for one token, and rounded.
    private func normalize(_ token: Int, _ weight: AlignedBuffer<Float>, _ workspace: Workspace) {
        kernels.table.rms_norm(
            workspace.stream.start + token * shape.width, weight.start, shape.normEpsilon, Int64(shape.width),
            workspace.normed.row(token))
        workspace.normed.round(token, kernels)
    }

    /// stream += change
    private func addChange(_ count: Int, _ workspace: Workspace) {
        kernels.table.add(workspace.stream.start, workspace.change.start, Int64(count * shape.width))
    }

    /// The products of several matrices with the same inputs, as one step.
    private func multiply(
        _ products: [(matrix: Matrix, out: AlignedBuffer<Float>)], _ inputs: Activations, tokens: Range<Int>
    ) {
        let total = products.reduce(0) { $0 + $1.matrix.panelCount }
        pool.run(over: total, atLeast: 4) { [kernels] part in
            var start = 0
            for (matrix, out) in products {
                let panels = part.clamped(to: start..<start + matrix.panelCount)
                if !panels.isEmpty {
                    matrix.multiply(
                        panels: panels.lowerBound - start..<panels.upperBound - start, inputs, tokens: tokens,
                        into: out, kernels: kernels)
                }
                start += matrix.panelCount
            }
        }
    }

    /// Work along each token's rows: too little to share for a few tokens.
    private func forEachToken(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        pool.run(over: count, atLeast: 8) { tokens in
            for token in tokens { body(token) }
        }
    }
}

/// The pages of one sequence during a pass, as the kernels read them.
private struct PageTable: Sendable {
    /// Keeps the pages alive.
    let pages: [KeyValuePage]
    let beginnings: AlignedBuffer<UnsafePointer<UInt16>?>

    init(_ pages: [KeyValuePage]) {
        self.pages = pages
        beginnings = AlignedBuffer(count: pages.count)
        for (index, page) in pages.enumerated() { beginnings.elements[index] = UnsafePointer(page.halves.start) }
    }
}
