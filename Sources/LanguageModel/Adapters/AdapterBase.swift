/// What an adapter must fit: the matrices of the model that it is used with.
///
/// Kept when the model's file is closed, so that adapters can be loaded and swapped while the model runs.
package struct AdapterBase: Sendable {
    /// `general.architecture`.
    let architecture: String
    /// Query heads.
    let heads: Int
    /// Key and value heads.
    let keyValueHeads: Int
    /// The matrices that an adapter can change, by their tensor names.
    private let matrices: [String: MatrixSize]
    /// The model's other tensors, to refuse by name.
    private let others: Set<String>

    /// A matrix's outputs and inputs.
    struct MatrixSize: Sendable, Equatable {
        let rows: Int
        let columns: Int

        /// As PyTorch has it.
        var shape: [Int] { [rows, columns] }
    }

    /// The matrices of a layer that products read, and so the ones an adapter can change.
    static let layerMatrices = [
        "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down",
    ]

    /// - Throws: `malformedFile`, naming the key.
    package init(_ file: GGUFFile) throws(LanguageModelError) {
        architecture = try file.string("general.architecture")
        heads = try file.integer("\(architecture).attention.head_count", in: 1...1024)
        keyValueHeads = try file.integer(
            "\(architecture).attention.head_count_kv", in: 1...1024, default: heads)
        var matrices: [String: MatrixSize] = [:]
        for (name, tensor) in file.tensors where tensor.dimensions.count == 2 && Self.isProduct(name) {
            matrices[name] = MatrixSize(rows: tensor.dimensions[1], columns: tensor.dimensions[0])
        }
        // With tied weights the output product has no tensor of its own; an adapter may change it all the same.
        if matrices["output.weight"] == nil, let table = file.tensors["token_embd.weight"], table.dimensions.count == 2
        {
            matrices["output.weight"] = MatrixSize(rows: table.dimensions[1], columns: table.dimensions[0])
        }
        self.matrices = matrices
        others = Set(file.tensors.keys).subtracting(matrices.keys)
    }

    private static func isProduct(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return name == "output.weight"
            || parts.count == 4 && parts[0] == "blk" && parts[3] == "weight" && layerMatrices.contains(String(parts[2]))
    }

    /// The size of a matrix that an adapter changes.
    ///
    /// - Throws: `adapterMismatch` for a name that the model does not have; `unsupportedModel` for a tensor that is no
    ///   matrix of a product: embeddings, norms.
    func matrix(_ tensor: String) throws(LanguageModelError) -> MatrixSize {
        if let size = matrices[tensor] { return size }
        guard others.contains(tensor) else {
            throw LanguageModelError(
                .adapterMismatch, "the adapter is for another model: it changes \(tensor), which this one lacks")
        }
        throw .unsupportedAdapter("it changes \(tensor)")
    }
}

extension LanguageModelError {
    static func malformedAdapter(_ message: String) -> LanguageModelError {
        LanguageModelError(.malformedFile, "not a sound adapter: \(message); save or convert it again")
    }

    static func unsupportedAdapter(_ message: String) -> LanguageModelError {
        LanguageModelError(
            .unsupportedModel,
            "the adapter cannot be used: \(message); train one of plain LoRA pairs on the projections of the layers")
    }
}
