/// What an adapter adds to the product with one matrix: y += up · (down · x).
package struct AdapterPair: Sendable {
    /// [rank × inputs]: PEFT's `lora_A`.
    let down: Matrix
    /// [outputs × rank]: PEFT's `lora_B`, multiplied by alpha / rank.
    let up: Matrix

    /// How many numbers lie between the two products.
    package var rank: Int { down.rows }

    /// What is added for one input, computed alone: for tests of files, and of the batched way.
    ///
    /// - Parameter input: one number for each of the matrix's inputs.
    package func change(for input: [Float], kernels: Kernels = .best) -> [Float] {
        let x = Activations(rows: 1, width: down.columns, rounded: false)
        let between = Activations(rows: 1, width: rank, rounded: false)
        let change = AlignedBuffer<Float>(count: up.rows)
        for (index, number) in input.enumerated() { x.values.elements[index] = number }
        down.multiply(panels: 0..<down.panelCount, x, rows: 0..<1, into: between.values, kernels: kernels)
        up.multiply(panels: 0..<up.panelCount, between, rows: 0..<1, into: change, kernels: kernels)
        return Array(change.elements)
    }
}

extension AdapterPair {
    /// Checks the halves against each other and against the matrix they change, and reads them.
    ///
    /// - Throws: `adapterMismatch` when they do not fit the matrix; `malformedFile` when they do not fit each other, or
    ///   hold a number that is not finite.
    init(
        _ tensor: String, down: AdapterHalf, up: AdapterHalf, scale: Float, _ base: AdapterBase
    ) throws(LanguageModelError) {
        let matrix = try base.matrix(tensor)
        guard down.columns == matrix.columns, up.rows == matrix.rows else {
            throw LanguageModelError(
                .adapterMismatch,
                "the adapter is for another model: it takes \(tensor) as [\(up.rows) × \(down.columns)], "
                    + "which is [\(matrix.rows) × \(matrix.columns)] in this one")
        }
        guard down.rows == up.columns else {
            throw .malformedAdapter(
                "\(tensor) has \(down.rows) rows in one half and \(up.columns) columns in the other")
        }
        // A rank above both sides says nothing that a smaller one does not, and only a hostile file has it.
        guard (1...max(matrix.rows, matrix.columns)).contains(down.rows) else {
            throw .malformedAdapter("\(tensor) has rank \(down.rows)")
        }
        let numbers = try down.numbers()
        let scaled = try up.numbers().map { $0 * scale }
        guard numbers.allSatisfy(\.isFinite), scaled.allSatisfy(\.isFinite) else {
            throw .malformedAdapter("\(tensor) holds a number that is not finite")
        }
        self.down = Matrix(numbers, rows: down.rows, columns: down.columns)
        self.up = Matrix(scaled, rows: up.rows, columns: up.columns)
    }
}
