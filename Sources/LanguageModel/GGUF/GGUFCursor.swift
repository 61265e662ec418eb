/// Reads a GGUF header from its beginning, never beyond the file.
///
/// Every function takes the name of what it reads, for the error. Numbers are little-endian; we run nowhere else.
struct GGUFCursor {
    /// The whole file.
    let bytes: UnsafeRawBufferPointer
    /// How far it is read.
    private(set) var position = 0

    /// The longest key or tensor name that the format's specification allows.
    static let longestName = 65_535
    /// The deepest nesting of arrays that we follow; files in use have none.
    static let deepestArray = 4

    var remaining: Int { bytes.count - position }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// One number, unaligned as the header is.
    mutating func number<Number: BitwiseCopyable>(_ field: @autoclosure () -> String, as: Number.Type = Number.self)
        throws(LanguageModelError) -> Number
    {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw .malformed("the file ends inside \(field())") }
        defer { position += size }
        return bytes.loadUnaligned(fromByteOffset: position, as: Number.self)
    }

    /// A 64-bit count of things that take at least `minimumBytes` each; so it is never more than the file can hold.
    mutating func count(minimumBytes: Int, _ field: @autoclosure () -> String) throws(LanguageModelError) -> Int {
        let count = try number(field(), as: UInt64.self)
        guard count <= UInt64(remaining / minimumBytes) else {
            throw .malformed("\(field()) is \(count), more than the file holds")
        }
        return Int(count)
    }

    /// A 64-bit length and that many bytes of UTF-8.
    mutating func string(_ field: @autoclosure () -> String) throws(LanguageModelError) -> String {
        let length = try count(minimumBytes: 1, "the length of \(field())")
        defer { position += length }
        guard
            let text = String(
                validating: UnsafeRawBufferPointer(rebasing: bytes[position..<position + length]), as: UTF8.self)
        else { throw .malformed("\(field()) is not UTF-8") }
        return text
    }

    /// A key or a tensor's name.
    mutating func name(_ field: @autoclosure () -> String) throws(LanguageModelError) -> String {
        let name = try string(field())
        guard !name.isEmpty, name.utf8.count <= Self.longestName else {
            throw .malformed("\(field()) has \(name.utf8.count) bytes")
        }
        return name
    }

    /// A type number and the value behind it.
    mutating func value(_ key: String) throws(LanguageModelError) -> GGUFValue {
        switch try valueType(key) {
        case .uint8: .uint8(try number(key))
        case .int8: .int8(try number(key))
        case .uint16: .uint16(try number(key))
        case .int16: .int16(try number(key))
        case .uint32: .uint32(try number(key))
        case .int32: .int32(try number(key))
        case .uint64: .uint64(try number(key))
        case .int64: .int64(try number(key))
        case .float32: .float32(try number(key))
        case .float64: .float64(try number(key))
        case .bool: .bool(try bool(key))
        case .string: .string(try string(key))
        case .array: .array(try array(key, depth: 1))
        }
    }

    private mutating func valueType(_ key: String) throws(LanguageModelError) -> GGUFValueType {
        let raw = try number("the type of \(key)", as: UInt32.self)
        guard let type = GGUFValueType(rawValue: raw) else { throw .malformed("\(key) has the unknown type \(raw)") }
        return type
    }

    private mutating func bool(_ key: String) throws(LanguageModelError) -> Bool {
        let byte = try number(key, as: UInt8.self)
        guard byte <= 1 else { throw .malformed("\(key) is \(byte), neither true nor false") }
        return byte == 1
    }

    private mutating func array(_ key: String, depth: Int) throws(LanguageModelError) -> GGUFArray {
        guard depth <= Self.deepestArray else { throw .malformed("\(key) nests more than \(Self.deepestArray) arrays") }
        let type = try valueType(key)
        let count = try count(minimumBytes: type.minimumBytes, "the count of \(key)")
        switch type {
        case .uint8: return .uint8(try numbers(count, key))
        case .int8: return .int8(try numbers(count, key))
        case .uint16: return .uint16(try numbers(count, key))
        case .int16: return .int16(try numbers(count, key))
        case .uint32: return .uint32(try numbers(count, key))
        case .int32: return .int32(try numbers(count, key))
        case .uint64: return .uint64(try numbers(count, key))
        case .int64: return .int64(try numbers(count, key))
        case .float32: return .float32(try numbers(count, key))
        case .float64: return .float64(try numbers(count, key))
        case .bool:
            var values: [Bool] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try bool(key)) }
            return .bool(values)
        case .string:
            var values: [String] = []
            values.reserveCapacity(count)
            for index in 0..<count { values.append(try string("\(key)[\(index)]")) }
            return .string(values)
        case .array:
            var values: [GGUFArray] = []
            for index in 0..<count { values.append(try array("\(key)[\(index)]", depth: depth + 1)) }
            return .array(values)
        }
    }

    private mutating func numbers<Number: BitwiseCopyable>(_ count: Int, _ key: String) throws(LanguageModelError)
        -> [Number]
    {
        var values: [Number] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try number(key)) }
        return values
    }
}

extension LanguageModelError {
    static func malformed(_ message: String) -> LanguageModelError {
        LanguageModelError(.malformedFile, "not a sound GGUF file: \(message); fetch it again")
    }
}
