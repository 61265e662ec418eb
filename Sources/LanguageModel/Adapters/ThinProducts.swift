import CKernels
import Synchronization

/// Adds what adapters change of a product: outputs += up · (down · inputs) for the rows of each adapter.
///
/// The base product is done once for all rows of a batch; an adapter's two thin ones cost 2 · rank / (inputs and outputs
/// together) as much again, a few per cent.
final class ThinProducts: Sendable {
    /// [rows][rank], and [rows][outputs], for the last shapes; the calling thread's alone between steps.
    private let buffers = Mutex<(between: Activations, change: AlignedBuffer<Float>)>(
        (Activations(rows: 0, width: 0, rounded: false), AlignedBuffer(count: 0)))

    /// outputs: [rows of the batch][pair.up.rows]
    func add(
        _ pair: AdapterPair, _ rows: Range<Int>, _ inputs: Activations, to outputs: AlignedBuffer<Float>,
        pool: ThreadPool, kernels: Kernels
    ) {
        let (width, rank) = (pair.up.rows, pair.down.rows)
        let (between, change) = buffers.withLock { buffers in
            if buffers.between.width != rank || buffers.between.values.count < rows.count * rank {
                buffers.between = Activations(rows: rows.count, width: rank, rounded: false)
            }
            if buffers.change.count < rows.count * width { buffers.change = AlignedBuffer(count: rows.count * width) }
            return buffers
        }
        pair.down.multiply(
            panels: 0..<pair.down.panelCount, inputs, rows: rows, into: between.values, kernels: kernels)
        pool.run(over: pair.up.panelCount, atLeast: 4) { panels in
            pair.up.multiply(panels: panels, between, rows: 0..<rows.count, into: change, kernels: kernels)
        }
        kernels.table.add(outputs.start + rows.lowerBound * width, change.start, Int64(rows.count * width))
    }
}
