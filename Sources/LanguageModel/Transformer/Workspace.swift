import Synchronization

/// The buffers of one pass, sized for a number of rows and used again for every pass. One pass at a time.
final class Workspace: Sendable {
    /// Rows at most in a pass.
    let capacity: Int
    /// The stream between layers. [rows][width]
    let stream: AlignedBuffer<Float>
    /// The stream after a norm: what products read. [rows][width]
    let normed: Activations
    /// [rows][heads · headWidth]
    let query: AlignedBuffer<Float>
    /// [rows][keyValueHeads · headWidth]
    let key: AlignedBuffer<Float>
    /// [rows][keyValueHeads · headWidth]
    let value: AlignedBuffer<Float>
    /// The queries as attention reads them. [keyValueHeads][rows][query heads a key head][headWidth]
    let grouped: AlignedBuffer<Float>
    /// The values that attention mixed, in the order of `grouped`.
    let attended: AlignedBuffer<Float>
    /// 1 / the sum of a query's weights, in the order of `grouped`. [keyValueHeads][rows][query heads a key head]
    let factors: AlignedBuffer<Float>
    /// The values that attention mixed. [rows][heads · headWidth]
    let mixed: Activations
    /// What a half of a layer adds to the stream. [rows][width]
    let change: AlignedBuffer<Float>
    /// The gate, and then its product with `up`. [rows][hidden]
    let gate: Activations
    /// [rows][hidden]
    let up: AlignedBuffer<Float>
    let angles: RotaryAngles
    /// What the thin products of adapters need.
    let thin: ThinProducts

    /// [threads][queries of a unit][positions], grown as sequences do.
    private let scores = Mutex<(buffer: AlignedBuffer<Float>, stride: Int)>((AlignedBuffer(count: 0), 0))

    init(_ shape: ModelShape, rows: Int, rounded: Bool) {
        capacity = rows
        stream = AlignedBuffer(count: rows * shape.width)
        normed = Activations(rows: rows, width: shape.width, rounded: rounded)
        query = AlignedBuffer(count: rows * shape.queryWidth)
        key = AlignedBuffer(count: rows * shape.keyValueWidth)
        value = AlignedBuffer(count: rows * shape.keyValueWidth)
        grouped = AlignedBuffer(count: rows * shape.queryWidth)
        attended = AlignedBuffer(count: rows * shape.queryWidth)
        factors = AlignedBuffer(count: rows * shape.heads)
        mixed = Activations(rows: rows, width: shape.queryWidth, rounded: rounded)
        change = AlignedBuffer(count: rows * shape.width)
        gate = Activations(rows: rows, width: shape.hidden, rounded: rounded)
        up = AlignedBuffer(count: rows * shape.hidden)
        angles = RotaryAngles(rows: rows, shape: shape)
        thin = ThinProducts()
    }

    /// Makes room for each thread's scores; before a step, not within.
    func reserveScores(rows: Int, positions: Int, threads: Int) {
        let stride = rows * positions
        scores.withLock { scores in
            scores.stride = stride
            if scores.buffer.count < stride * threads { scores.buffer = AlignedBuffer(count: stride * threads) }
        }
    }

    /// A thread's part of the scores.
    func scores(thread: Int) -> UnsafeMutablePointer<Float> {
        scores.withLock { $0.buffer.start + thread * $0.stride }
    }
}
