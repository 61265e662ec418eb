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

    /// Adds tokens to a sequence and returns the logits of what follows the last one, valid until the next call.
    ///
    /// `isCancelled` is asked before each chunk; when it says yes, `nil` comes back and the sequence holds the chunks
    /// that were done.
    package func append(_ tokens: [Int32], to cache: inout KeyValueCache, isCancelled: () -> Bool = { false })
        -> UnsafeBufferPointer<Float>?
    {
        guard let last = advance(tokens, &cache, isCancelled, { _ in }) else { return nil }
        model.logits(of: last - 1..<last, workspace, into: logits)
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(logits.elements)[..<model.shape.vocabulary])
    }

    /// Adds tokens to a sequence and shows the logits of what follows each of them: the index of the token, and the
    /// logits, valid during the call.
    package func append(
        _ tokens: [Int32], to cache: inout KeyValueCache, isCancelled: () -> Bool = { false },
        each show: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let vocabulary = model.shape.vocabulary
        if logits.count < Self.logitRows * vocabulary { logits = AlignedBuffer(count: Self.logitRows * vocabulary) }
        var done = 0
        _ = advance(tokens, &cache, isCancelled) { count in
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
