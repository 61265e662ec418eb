/// A model with the buffers to run it, for one thread.
package final class Inference {
    package let model: Transformer
    private let workspace: Workspace
    /// [logitRows][vocabulary]
    private var logits: AlignedBuffer<Float>
    /// Rows whose logits are computed together: enough to read the output weights seldom, and at most 16 MiB.
    private let logitRows: Int

    package typealias Logits = UnsafeBufferPointer<Float>

    /// - Parameter rows: the most rows of a pass. 128 read each weight seldom enough; more would only grow the buffers.
    package init(_ model: Transformer, rows: Int = 128) {
        self.model = model
        workspace = model.workspace(rows: rows)
        logitRows = max(1, min(16, (4 << 20) / model.shape.vocabulary))
        logits = AlignedBuffer(count: logitRows * model.shape.vocabulary)
    }

    /// The most rows of a pass.
    package var capacity: Int { workspace.capacity }

    /// Takes a batch through the model, and shows the logits of what follows some of its rows: the row's place among
    /// `rows`, and the logits, valid during the call.
    ///
    /// - Parameters:
    ///   - rows: ascending.
    ///   - show: is called on the model's threads, for several rows at once.
    package func pass(_ batch: Batch, logitsOf rows: [Int], _ show: @escaping @Sendable (Int, Logits) -> Void) {
        guard batch.count > 0 else { return }
        model.forward(batch, workspace)
        let vocabulary = model.shape.vocabulary
        for start in stride(from: 0, to: rows.count, by: logitRows) {
            let part = Array(rows[start..<min(rows.count, start + logitRows)])
            model.logits(of: part, batch, workspace, into: logits)
            model.pool.run(chunks: part.count) { [logits] index in
                show(
                    start + index,
                    Logits(rebasing: Logits(logits.elements)[index * vocabulary..<(index + 1) * vocabulary]))
            }
        }
    }
}
