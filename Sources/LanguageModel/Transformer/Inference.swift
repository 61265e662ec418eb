/// A model with the buffers to run it, for one thread: sequences grow by it, one at a time.
package final class Inference {
    package let model: Transformer
    private let workspace: Workspace
    /// [rows][vocabulary]; one row until several are asked for.
    private var logits: AlignedBuffer<Float>

    /// Positions whose logits are computed together: enough to read the output weights seldom, few enough to stay small.
    private static let logitRows = 16

    /// A chunk of 128 tokens reads each weight seldom enough; more would only grow the buffers.
    package init(_ model: Transformer, chunk: Int = 128) {
        self.model = model
        workspace = model.workspace(chunk: chunk)
        logits = AlignedBuffer(count: model.shape.vocabulary)
    }

    /// Adds tokens to a sequence, at least one, and shows the logits of what follows the last one.
    ///
    /// `isCancelled` is asked before each chunk; when it says yes, `nil` comes back and the sequence holds the chunks
    /// that were done. The logits are valid during the call of `show`.
    package func append<Result>(
        _ tokens: some RandomAccessCollection<Int32>, to cache: inout KeyValueCache,
        isCancelled: () -> Bool = { false }, last show: (UnsafeBufferPointer<Float>) -> Result
    ) -> Result? {
        guard let last = advance(Array(tokens), &cache, isCancelled, { _ in }) else { return nil }
        model.logits(of: last - 1..<last, workspace, into: logits)
        return show(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(logits.elements)[..<model.shape.vocabulary]))
    }

    /// Adds tokens to a sequence and shows the logits of what follows each of them: the place of the token among
    /// `tokens`, and the logits, valid during the call of `show`.
    ///
    /// - Returns: `false` when it was cancelled between two chunks.
    @discardableResult
    package func append(
        _ tokens: some RandomAccessCollection<Int32>, to cache: inout KeyValueCache,
        isCancelled: () -> Bool = { false }, each show: (Int, UnsafeBufferPointer<Float>) -> Void
    ) -> Bool {
        let vocabulary = model.shape.vocabulary
        if logits.count < Self.logitRows * vocabulary { logits = AlignedBuffer(count: Self.logitRows * vocabulary) }
        var done = 0
        let last = advance(Array(tokens), &cache, isCancelled) { count in
            for start in stride(from: 0, to: count, by: Self.logitRows) {
                let rows = start..<min(count, start + Self.logitRows)
                model.logits(of: rows, workspace, into: logits)
                for row in rows {
                    let from = (row - start) * vocabulary
                    show(
                        done + row,
                        UnsafeBufferPointer(rebasing: UnsafeBufferPointer(logits.elements)[from..<from + vocabulary]))
                }
            }
            done += count
        }
        return last != nil || tokens.isEmpty
    }

    /// Adds tokens to a sequence.
    ///
    /// - Returns: `false` when it was cancelled between two chunks.
    package func append(
        _ tokens: some RandomAccessCollection<Int32>, to cache: inout KeyValueCache, isCancelled: () -> Bool
    ) -> Bool {
        advance(Array(tokens), &cache, isCancelled, { _ in }) != nil || tokens.isEmpty
    }

    /// Runs the tokens chunk by chunk. Returns the number of tokens in the last chunk.
    private func advance(
        _ tokens: [Int32], _ cache: inout KeyValueCache, _ isCancelled: () -> Bool, _ afterChunk: (Int) -> Void
    ) -> Int? {
        var last: Int?
        for start in stride(from: 0, to: tokens.count, by: workspace.chunk) {
            if isCancelled() { return nil }
            let part = tokens[start..<min(tokens.count, start + workspace.chunk)]
            model.forward(part, &cache, workspace)
            afterChunk(part.count)
            last = part.count
        }
        return last
    }
}
