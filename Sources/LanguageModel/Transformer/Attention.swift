import CKernels

extension Transformer {
    /// mixed = attention of each row over its sequence's positions so far.
    ///
    /// The unit of work is a key head and some neighbouring rows, with all query heads that share it: scores over every
    /// page, a softmax along each row, then the values of every page in order of position. So a row's sums run in the
    /// same order whoever reads the page beside it.
    func attend(_ layer: Int, _ plan: AttentionPlan, _ workspace: Workspace) {
        let rows = plan.places.count
        // Few enough rows that their scores stay in the second-level cache, many enough to use what is read of a page.
        let height = rows >= 64 ? 16 : max(1, (rows + 1) / 2)
        let blocks = (rows + height - 1) / height
        workspace.reserveScores(rows: height * group, positions: plan.longest, threads: pool.threads)
        pool.run(chunks: blocks * shape.keyValueHeads) { [self] unit, thread in
            let (head, block) = unit.quotientAndRemainder(dividingBy: blocks)
            let part = block * height..<min(rows, (block + 1) * height)
            attend(layer, head: head, rows: part, plan, workspace, scores: workspace.scores(thread: thread))
        }
    }

    /// scores: [part.count · group][plan.longest]
    private func attend(
        _ layer: Int, head: Int, rows part: Range<Int>, _ plan: AttentionPlan, _ workspace: Workspace,
        scores: UnsafeMutablePointer<Float>
    ) {
        let (width, group, stride) = (shape.headWidth, group, plan.longest)
        let (keys, values) = (layout.keys(layer: layer, head: head), layout.values(layer: layer, head: head))
        let window = shape.window(layer: layer)
        // Rows of a head lie one after another, a token's query heads side by side: [rows][group][headWidth].
        let first = (head * plan.places.count + part.lowerBound) * group
        let queries = workspace.grouped.start + first * width
        let mixed = workspace.attended.start + first * width
        mixed.update(repeating: 0, count: part.count * group * width)

        for reading in plan.readings {
            let rows = reading.rows.clamped(to: part)
            guard !rows.isEmpty else { continue }
            let offset = (rows.lowerBound - part.lowerBound) * group
            kernels.table.score_page(
                queries + offset * width, Int64(rows.count * group), Int64(width), reading.page.halves.start + keys,
                scores + offset * stride + reading.start, Int64(stride))
        }
        for row in part {
            let end = plan.places[row].position + 1
            let padded = (end + KeyValuePage.positions - 1) / KeyValuePage.positions * KeyValuePage.positions
            for query in 0..<group {
                let index = (row - part.lowerBound) * group + query
                workspace.factors.elements[first + index] = kernels.table.soften(
                    scores + index * stride, Int64(window.map { max(0, end - $0) } ?? 0), Int64(end), Int64(padded),
                    shape.attentionScale)
            }
        }
        for reading in plan.readings {
            let rows = reading.rows.clamped(to: part)
            guard let last = rows.last else { continue }
            let offset = (rows.lowerBound - part.lowerBound) * group
            let seen = rows.count == 1 ? plan.places[last].position + 1 - reading.start : KeyValuePage.positions
            kernels.table.mix_page(
                scores + offset * stride + reading.start, Int64(stride), Int64(rows.count * group),
                Int64(min(seen, KeyValuePage.positions)), reading.page.halves.start + values, Int64(width),
                mixed + offset * width)
        }
        for index in 0..<part.count * group {
            kernels.table.scale(mixed + index * width, workspace.factors.elements[first + index], Int64(width))
        }
        // Back to [rows][heads · headWidth], as the next product reads it.
        for row in part {
            let source = mixed + (row - part.lowerBound) * group * width
            (workspace.mixed.row(row) + head * group * width).update(from: source, count: group * width)
        }
    }

    /// Turns a row's queries and key by its position, and puts them and its value where attention looks for them.
    func place(_ row: Int, _ layer: Int, _ weights: ModelWeights.Layer, _ plan: AttentionPlan, _ workspace: Workspace) {
        let (width, heads, keyHeads) = (shape.headWidth, shape.heads, shape.keyValueHeads)
        let query = workspace.query.start + row * shape.queryWidth
        let key = workspace.key.start + row * shape.keyValueWidth
        let value = workspace.value.start + row * shape.keyValueWidth
        if let bias = weights.queryBias { kernels.table.add(query, bias.start, Int64(shape.queryWidth)) }
        if let bias = weights.keyBias { kernels.table.add(key, bias.start, Int64(shape.keyValueWidth)) }
        if let bias = weights.valueBias { kernels.table.add(value, bias.start, Int64(shape.keyValueWidth)) }
        if let norm = weights.queryNorm { normalize(query, heads: heads, norm) }
        if let norm = weights.keyNorm { normalize(key, heads: keyHeads, norm) }
        let (cosine, sine) = workspace.angles.at(row, layer: layer)
        let rotate = shape.pairing == .halves ? kernels.table.rotate_halves : kernels.table.rotate_neighbours
        rotate?(query, cosine, sine, Int64(heads), Int64(width))
        rotate?(key, cosine, sine, Int64(keyHeads), Int64(width))
        let place = plan.places[row]
        let slot = place.position % KeyValuePage.positions
        for head in 0..<keyHeads {
            let target = workspace.grouped.start + (head * plan.places.count + row) * group * width
            target.update(from: query + head * group * width, count: group * width)
            layout.store(
                key: key + head * width, value: value + head * width, layer: layer, head: head, slot: slot,
                in: place.page, kernels)
        }
    }

    /// The norm of each head by itself, with the same weights.
    private func normalize(_ x: UnsafeMutablePointer<Float>, heads: Int, _ weight: AlignedBuffer<Float>) {
        for head in 0..<heads {
            let start = x + head * shape.headWidth
            kernels.table.rms_norm(start, weight.start, shape.normEpsilon, Int64(shape.headWidth), start)
        }
    }
}
