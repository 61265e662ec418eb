import CKernels
import Synchronization

/// The keys and values of 32 neighbouring positions, for all layers, in half precision (as llama.cpp keeps them).
///
/// Sequences that begin alike hold the same page. It grows in one of them only: the one that claims the first slot that
/// nobody has claimed. Whoever holds it with fewer positions never looks at the others, and goes on in a copy.
package final class KeyValuePage: Sendable {
    /// Positions in a page.
    package static let positions = Int(CK_PAGE)

    /// [layer][head]{ keys [positions / 16][headWidth][16], values [positions][headWidth] }
    let halves: AlignedBuffer<UInt16>
    /// The slots, from the first on, that are written or about to be.
    private let claimed: Atomic<Int>

    /// A page whose first slots are claimed.
    init(_ layout: KeyValueLayout, claiming count: Int) {
        halves = AlignedBuffer(count: layout.halvesPerPage)
        claimed = Atomic(count)
    }

    /// A copy that may be written behind its first slots.
    init(copying page: KeyValuePage, claiming count: Int) {
        halves = AlignedBuffer(count: page.halves.count)
        halves.start.update(from: page.halves.start, count: halves.count)
        claimed = Atomic(count)
    }

    /// Claims the slots of a range, if nobody has claimed the first of them.
    func claim(_ slots: Range<Int>) -> Bool {
        claimed.compareExchange(expected: slots.lowerBound, desired: slots.upperBound, ordering: .relaxed).exchanged
    }
}

/// Where things lie in a page.
package struct KeyValueLayout: Sendable, Hashable {
    let layers: Int
    let heads: Int
    let headWidth: Int

    package init(_ shape: ModelShape) {
        layers = shape.layers
        heads = shape.keyValueHeads
        headWidth = shape.headWidth
    }

    private var halvesPerHead: Int { 2 * KeyValuePage.positions * headWidth }

    var halvesPerPage: Int { layers * heads * halvesPerHead }

    package var bytesPerPage: Int { halvesPerPage * MemoryLayout<UInt16>.size }

    /// Where a layer's and head's keys begin.
    func keys(layer: Int, head: Int) -> Int { (layer * heads + head) * halvesPerHead }

    /// Where a layer's and head's values begin.
    func values(layer: Int, head: Int) -> Int { keys(layer: layer, head: head) + KeyValuePage.positions * headWidth }

    /// Stores one position's key, a column of its panel of 16 positions, and value, a row, for one head.
    func store(
        key: UnsafePointer<Float>, value: UnsafePointer<Float>, layer: Int, head: Int, slot: Int,
        in page: KeyValuePage, _ kernels: Kernels
    ) {
        let lanes = Int(CK_LANES)
        let column = keys(layer: layer, head: head) + slot / lanes * lanes * headWidth + slot % lanes
        kernels.table.store_halves(key, Int64(headWidth), page.halves.start + column, Int64(lanes))
        let row = values(layer: layer, head: head) + slot * headWidth
        kernels.table.store_halves(value, Int64(headWidth), page.halves.start + row, 1)
    }
}
