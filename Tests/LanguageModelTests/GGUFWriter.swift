import Foundation

/// Writes small GGUF files, sound ones and damaged ones.
struct GGUFWriter {
    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// What the header says; the real numbers when `nil`.
    var tensorCount: UInt64?
    var pairCount: UInt64?
    /// Encoded key-value pairs.
    private(set) var pairs: [(key: String, bytes: Data)] = []
    /// Encoded tensor entries.
    private(set) var entries: [Data] = []
    /// The tensor data.
    var data = Data()

    static let uint8: UInt32 = 0
    static let uint32: UInt32 = 4
    static let float32: UInt32 = 6
    static let bool: UInt32 = 7
    static let string: UInt32 = 8
    static let array: UInt32 = 9
    static let uint64: UInt32 = 10

    mutating func pair(_ key: String, type: UInt32, _ value: Data) {
        pairs.append((key, Self.text(key) + Self.little(type) + value))
    }

    /// Puts another's pairs in the place of those with the same keys.
    mutating func replace(with other: GGUFWriter) {
        pairs.removeAll { pair in other.pairs.contains { $0.key == pair.key } }
        pairs += other.pairs
    }

    mutating func pair(_ key: String, _ value: String) { pair(key, type: Self.string, Self.text(value)) }
    mutating func pair(_ key: String, _ value: UInt32) { pair(key, type: Self.uint32, Self.little(value)) }
    mutating func pair(_ key: String, number value: Float) {
        pair(key, type: Self.float32, Self.little(value.bitPattern))
    }
    mutating func pair(_ key: String, _ value: Bool) { pair(key, type: Self.bool, Data([value ? 1 : 0])) }

    mutating func pair(_ key: String, _ values: [String]) {
        pair(
            key, type: Self.array,
            Self.little(Self.string) + Self.little(UInt64(values.count)) + values.map(Self.text).reduce(Data(), +))
    }

    mutating func pair(_ key: String, _ values: [UInt32]) {
        pair(
            key, type: Self.array,
            Self.little(Self.uint32) + Self.little(UInt64(values.count)) + values.map(Self.little).reduce(Data(), +))
    }

    mutating func pair(_ key: String, numbers values: [Float]) {
        pair(
            key, type: Self.array,
            Self.little(Self.float32) + Self.little(UInt64(values.count))
                + values.map { Self.little($0.bitPattern) }.reduce(Data(), +))
    }

    mutating func tensor(_ name: String, dimensions: [UInt64], type: UInt32, offset: UInt64) {
        entries.append(
            Self.text(name) + Self.little(UInt32(dimensions.count)) + dimensions.map(Self.little).reduce(Data(), +)
                + Self.little(type) + Self.little(offset))
    }

    /// The whole file.
    var file: Data {
        var file = Data(magic) + Self.little(version)
        file += Self.little(tensorCount ?? UInt64(entries.count)) + Self.little(pairCount ?? UInt64(pairs.count))
        for part in pairs.map(\.bytes) + entries { file += part }
        if !data.isEmpty {
            file += Data(count: (32 - file.count % 32) % 32)
            file += data
        }
        return file
    }

    static func little<Number: FixedWidthInteger>(_ number: Number) -> Data {
        withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }

    static func text(_ text: String) -> Data { little(UInt64(text.utf8.count)) + Data(text.utf8) }
}
