/// A GGUF file (versions 2 and 3, little-endian): metadata, and tensors that stay in the mapped file.
///
/// The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Nothing in the file is trusted: every
/// count, length, offset and dimension is checked against the file's size before it is used, so a damaged or hostile
/// file gives an error that names the field. Opening reads the header only; the tensors' pages come from the disk
/// when they are first touched.
public struct GGUFFile: Sendable {
    /// Every metadata value by its key.
    public let metadata: [String: GGUFValue]
    /// Every tensor by its name.
    public let tensors: [String: GGUFTensor]

    /// Maps the file and reads its header.
    ///
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel` for
    ///   a version or a tensor type that we do not know.
    public init(path: String) throws(LanguageModelError) {
        let mapping = try FileMapping(path: path)
        var cursor = GGUFCursor(mapping.bytes)
        guard try cursor.number("the magic number", as: UInt32.self) == 0x4655_4747 else {
            throw .malformed("it does not begin with GGUF")
        }
        let version = try cursor.number("the version", as: UInt32.self)
        guard version == 2 || version == 3 else {
            throw LanguageModelError(
                .unsupportedModel, "GGUF version \(version) is not known; 2 and 3 in little-endian order are")
        }
        // The smallest tensor entry: a name of one byte, one dimension, type and offset. The smallest pair: key, type, bool.
        let tensorCount = try cursor.count(minimumBytes: 8 + 1 + 4 + 8 + 4 + 8, "the tensor count")
        let pairCount = try cursor.count(minimumBytes: 8 + 1 + 4 + 1, "the metadata count")
        metadata = try Self.readMetadata(&cursor, count: pairCount)
        var entries: [GGUFTensorEntry] = []
        entries.reserveCapacity(tensorCount)
        for index in 0..<tensorCount { entries.append(try GGUFTensorEntry(reading: &cursor, index: index)) }
        tensors = try Self.place(
            entries, behind: cursor.position, alignment: Self.alignment(metadata), in: mapping)
    }

    private static func readMetadata(_ cursor: inout GGUFCursor, count: Int) throws(LanguageModelError)
        -> [String: GGUFValue]
    {
        var metadata: [String: GGUFValue] = [:]
        for index in 0..<count {
            let key = try cursor.name("metadata key \(index)")
            let value = try cursor.value(key)
            guard metadata.updateValue(value, forKey: key) == nil else { throw .malformed("\(key) is there twice") }
        }
        return metadata
    }

    /// The alignment of tensor data: 32 unless the file says otherwise.
    private static func alignment(_ metadata: [String: GGUFValue]) throws(LanguageModelError) -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard let alignment = value.integer, alignment.nonzeroBitCount == 1, (8...65_536).contains(alignment) else {
            throw .malformed("general.alignment is no power of two between 8 and 65536")
        }
        return alignment
    }

    /// Finds each tensor's bytes and refuses any that lie outside the file or over one another.
    private static func place(
        _ entries: [GGUFTensorEntry], behind headerEnd: Int, alignment: Int, in mapping: FileMapping
    ) throws(LanguageModelError) -> [String: GGUFTensor] {
        // No overflow: headerEnd is at most the size of a mapping, and alignment is small.
        let dataStart = (headerEnd + alignment - 1) / alignment * alignment
        let dataSize = UInt64(max(0, mapping.bytes.count - dataStart))
        var tensors: [String: GGUFTensor] = [:]
        tensors.reserveCapacity(entries.count)
        var end: UInt64 = 0
        for entry in entries.sorted(by: { $0.offset < $1.offset }) {
            guard entry.offset.isMultiple(of: UInt64(alignment)) else {
                throw .malformed("the offset of tensor \(entry.name) is no multiple of \(alignment)")
            }
            guard entry.offset <= dataSize, UInt64(entry.size) <= dataSize - entry.offset else {
                throw .malformed("tensor \(entry.name) lies outside the file")
            }
            guard entry.offset >= end else { throw .malformed("tensor \(entry.name) overlaps another") }
            end = entry.offset + UInt64(entry.size)
            let start = dataStart + Int(entry.offset)
            let tensor = GGUFTensor(
                name: entry.name, dimensions: entry.dimensions, type: entry.type, mapping: mapping,
                range: start..<start + entry.size)
            guard tensors.updateValue(tensor, forKey: entry.name) == nil else {
                throw .malformed("tensor \(entry.name) is there twice")
            }
        }
        return tensors
    }
}

/// A tensor's entry in the header.
private struct GGUFTensorEntry {
    let name: String
    let dimensions: [Int]
    let type: GGUFTensorType
    /// From the beginning of the tensor data.
    let offset: UInt64
    /// In bytes.
    let size: Int

    init(reading cursor: inout GGUFCursor, index: Int) throws(LanguageModelError) {
        let name = try cursor.name("the name of tensor \(index)")
        let rank = try cursor.number("the rank of tensor \(name)", as: UInt32.self)
        guard (1...4).contains(rank) else { throw .malformed("tensor \(name) has \(rank) dimensions") }
        var dimensions: [Int] = []
        var elements = 1
        for _ in 0..<rank {
            let raw = try cursor.number("the dimensions of tensor \(name)", as: UInt64.self)
            guard let dimension = Int(exactly: raw), dimension > 0 else {
                throw .malformed("a dimension of tensor \(name) is \(raw)")
            }
            let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .malformed("tensor \(name) is too large") }
            elements = product
            dimensions.append(dimension)
        }
        let rawType = try cursor.number("the type of tensor \(name)", as: UInt32.self)
        guard let type = GGUFTensorType(rawValue: rawType) else {
            throw LanguageModelError(.unsupportedModel, "tensor \(name) has type \(rawType), which is not known")
        }
        guard dimensions[0].isMultiple(of: type.blockSize) else {
            throw .malformed("the rows of tensor \(name) are no whole blocks of \(type.name)")
        }
        let (size, overflow) = (elements / type.blockSize).multipliedReportingOverflow(by: type.bytesPerBlock)
        guard !overflow else { throw .malformed("tensor \(name) is too large") }
        self.name = name
        self.dimensions = dimensions
        self.type = type
        self.offset = try cursor.number("the offset of tensor \(name)", as: UInt64.self)
        self.size = size
    }
}
