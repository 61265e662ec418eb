/// The buffers of one pass, sized for a chunk of tokens and used again for every chunk. One pass at a time.
final class Workspace: Sendable {
    /// Tokens at most in a chunk.
    let chunk: Int
    /// The stream between layers. [chunk][width]
    let stream: AlignedBuffer<Float>
    /// The stream after a norm: what products read. [chunk][width]
    let normed: Activations
    /// [chunk][heads · headWidth]
    let query: AlignedBuffer<Float>
    /// [chunk][keyValueHeads · headWidth]
    let key: AlignedBuffer<Float>
    /// [chunk][keyValueHeads · headWidth]
    let value: AlignedBuffer<Float>
    /// The values that attention mixed. [chunk][heads · headWidth]
    let mixed: Activations
    /// What a half of a layer adds to the stream. [chunk][width]
    let change: AlignedBuffer<Float>
    /// The gate, and then its product with `up`. [chunk][hidden]
    let gate: Activations
    /// [chunk][hidden]
    let up: AlignedBuffer<Float>
    let angles: RotaryAngles

    init(_ shape: ModelShape, chunk: Int, rounded: Bool) {
        self.chunk = chunk
        stream = AlignedBuffer(count: chunk * shape.width)
        normed = Activations(tokens: chunk, width: shape.width, rounded: rounded)
        query = AlignedBuffer(count: chunk * shape.queryWidth)
        key = AlignedBuffer(count: chunk * shape.keyValueWidth)
        value = AlignedBuffer(count: chunk * shape.keyValueWidth)
        mixed = Activations(tokens: chunk, width: shape.queryWidth, rounded: rounded)
        change = AlignedBuffer(count: chunk * shape.width)
        gate = Activations(tokens: chunk, width: shape.hidden, rounded: rounded)
        up = AlignedBuffer(count: chunk * shape.hidden)
        angles = RotaryAngles(tokens: chunk, shape: shape)
    }
}
