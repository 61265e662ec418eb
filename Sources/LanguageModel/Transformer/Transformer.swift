import CKernels

/// A decoder: RMS norms, rotary positions, grouped-query attention, a gated feed-forward part; with the biases, norms
/// and windows that the families of ``Architecture`` add.
///
/// A pass takes the rows of a ``Batch`` through all layers at once. Every product is a matrix with a matrix; a row's
/// numbers depend on the tokens before it alone, bit by bit, not on the other rows, the threads or the cache.
/// Sizes in comments: n rows, w width, h hidden, q and k the widths of all query and of all key heads.
package final class Transformer: Sendable {
    package let shape: ModelShape
    let weights: ModelWeights
    let pool: ThreadPool
    let kernels: Kernels
    let layout: KeyValueLayout

    /// Query heads that share a key head.
    var group: Int { shape.heads / shape.keyValueHeads }

    package init(_ file: GGUFFile, pool: ThreadPool, kernels: Kernels = .best) throws(LanguageModelError) {
        shape = try ModelShape(file)
        weights = try ModelWeights(file, shape, pool: pool)
        layout = KeyValueLayout(shape)
        self.pool = pool
        self.kernels = kernels
    }

    /// Buffers for passes of up to so many rows.
    func workspace(rows: Int) -> Workspace { Workspace(shape, rows: rows, rounded: weights.readsBlocks) }

    /// Takes a batch through the model; its sequences then hold their rows' keys and values.
    ///
    /// At most `workspace.capacity` rows, each token in the vocabulary. The stream that leaves the last layer stays in
    /// the workspace for ``logits(of:_:_:into:)``.
    func forward(_ batch: Batch, _ workspace: Workspace) {
        precondition(batch.count <= workspace.capacity)
        let plan = AttentionPlan(batch)
        let adapted = batch.adapted
        forEachRow(batch.count) { [self] row in
            let stream = workspace.stream.start + row * shape.width  // [n][w]
            weights.embeddings.read(batch.tokens[row], into: stream)
            if shape.embeddingScale != 1 { kernels.table.scale(stream, shape.embeddingScale, Int64(shape.width)) }
            workspace.angles.set(row, position: plan.places[row].position)
        }
        for (index, layer) in weights.layers.enumerated() {
            attention(index, layer, batch.count, plan, adapted, workspace)
            feedForward(index, layer, batch.count, adapted, workspace)
        }
    }

    /// The logits of these rows, ascending, of the last pass. out: [rows.count][vocabulary]
    func logits(of rows: [Int], _ batch: Batch, _ workspace: Workspace, into out: AlignedBuffer<Float>) {
        // The wanted rows move up, so that the product reads no others; an adapter's rows stay neighbours.
        for (index, row) in rows.enumerated() { normalize(row, weights.outputNorm, workspace, as: index) }
        let adapted = batch.adapted.map { run in
            let first = rows.firstIndex { $0 >= run.rows.lowerBound } ?? rows.count
            let end = rows.firstIndex { $0 >= run.rows.upperBound } ?? rows.count
            return (adapter: run.adapter, rows: first..<end)
        }
        multiply([(weights.output, nil, out)], nil, workspace.normed, rows.count, adapted, workspace)
    }

    // MARK: A layer

    /// stream += output · attention(query, keys so far, values so far)
    private func attention(
        _ index: Int, _ layer: ModelWeights.Layer, _ count: Int, _ plan: AttentionPlan, _ adapted: Adapted,
        _ workspace: Workspace
    ) {
        forEachRow(count) { [self] row in normalize(row, layer.attentionNorm, workspace) }  // [n][w]
        multiply(
            [
                (layer.query, .query, workspace.query),  // [n][q]
                (layer.key, .key, workspace.key),  // [n][k]
                (layer.value, .value, workspace.value),  // [n][k]
            ], index, workspace.normed, count, adapted, workspace)
        // All keys of the batch must be in the cache before any row looks back at them.
        forEachRow(count) { [self] row in place(row, index, layer, plan, workspace) }
        attend(index, plan, workspace)
        forEachRow(count) { [kernels] row in workspace.mixed.round(row, kernels) }  // [n][q]
        multiply(
            [(layer.attentionOutput, .attentionOutput, workspace.change)], index, workspace.mixed, count, adapted,
            workspace)  // [n][w]
        addChange(count, after: layer.attentionPostNorm, workspace)
    }

    /// stream += down · (gate(gate · x) ∘ (up · x))
    private func feedForward(
        _ index: Int, _ layer: ModelWeights.Layer, _ count: Int, _ adapted: Adapted, _ workspace: Workspace
    ) {
        let hidden = shape.hidden
        forEachRow(count) { [self] row in normalize(row, layer.feedForwardNorm, workspace) }  // [n][w]
        multiply(
            [
                (layer.gate, .gate, workspace.gate.values),  // [n][h]
                (layer.up, .up, workspace.up),  // [n][h]
            ], index, workspace.normed, count, adapted, workspace)
        let product = shape.gate == .gelu ? kernels.table.gelu_product : kernels.table.silu_product
        forEachRow(count) { [kernels] row in
            product?(workspace.gate.row(row), workspace.up.start + row * hidden, Int64(hidden))
            workspace.gate.round(row, kernels)
        }
        multiply(
            [(layer.down, .down, workspace.change)], index, workspace.gate, count, adapted, workspace)  // [n][w]
        addChange(count, after: layer.feedForwardPostNorm, workspace)
    }

    // MARK: Steps

    typealias Adapted = [(adapter: LayeredAdapter, rows: Range<Int>)]

    /// normed = norm(stream) for one row, and rounded.
    private func normalize(
        _ row: Int, _ weight: AlignedBuffer<Float>, _ workspace: Workspace, as place: Int? = nil
    ) {
        let place = place ?? row
        kernels.table.rms_norm(
            workspace.stream.start + row * shape.width, weight.start, shape.normEpsilon, Int64(shape.width),
            workspace.normed.row(place))
        workspace.normed.round(place, kernels)
    }

    /// stream += change, which has a norm of its own in some families.
    private func addChange(_ count: Int, after norm: AlignedBuffer<Float>?, _ workspace: Workspace) {
        let width = shape.width
        forEachRow(count) { [self] row in
            let change = workspace.change.start + row * width
            if let norm { kernels.table.rms_norm(change, norm.start, shape.normEpsilon, Int64(width), change) }
            kernels.table.add(workspace.stream.start + row * width, change, Int64(width))
        }
    }

    /// The products of several matrices with the same `count` rows, as one step; then what adapters change of them.
    private func multiply(
        _ products: [(matrix: Matrix, name: LayeredAdapter.Product?, out: AlignedBuffer<Float>)], _ layer: Int?,
        _ inputs: Activations, _ count: Int, _ adapted: Adapted, _ workspace: Workspace
    ) {
        let total = products.reduce(0) { $0 + $1.matrix.panelCount }
        pool.run(over: total, atLeast: 4) { [kernels] part in
            var start = 0
            for (matrix, _, out) in products {
                let panels = part.clamped(to: start..<start + matrix.panelCount)
                if !panels.isEmpty {
                    matrix.multiply(
                        panels: panels.lowerBound - start..<panels.upperBound - start, inputs, rows: 0..<count,
                        into: out, kernels: kernels)
                }
                start += matrix.panelCount
            }
        }
        for (adapter, rows) in adapted where !rows.isEmpty {
            for (_, name, out) in products {
                guard let pair = adapter.pair(layer, name) else { continue }
                workspace.thin.add(pair, rows, inputs, to: out, pool: pool, kernels: kernels)
            }
        }
    }

    /// Work along each row: too little to share for a few rows.
    private func forEachRow(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        pool.run(over: count, atLeast: 8) { rows in
            for row in rows { body(row) }
        }
    }
}
