/// An adapter's pairs by layer and product, so that a pass looks up no names.
package final class LayeredAdapter: Sendable {
    /// The adapter itself.
    package let adapter: Adapter
    private let layers: [[AdapterPair?]]
    private let output: AdapterPair?

    /// The products of a layer that an adapter can change.
    enum Product: Int, CaseIterable {
        case query, key, value, attentionOutput, gate, up, down

        /// The middle of the tensor's name.
        var tensor: String { AdapterBase.layerMatrices[rawValue] }
    }

    package init(_ adapter: Adapter, layers count: Int) {
        self.adapter = adapter
        layers = (0..<count).map { layer in
            Product.allCases.map { adapter.pair("blk.\(layer).\($0.tensor).weight") }
        }
        output = adapter.pair("output.weight")
    }

    /// What it changes of a product of a layer, or of the output without a layer.
    func pair(_ layer: Int?, _ product: Product?) -> AdapterPair? {
        guard let layer, let product else { return output }
        return layers[layer][product.rawValue]
    }
}
