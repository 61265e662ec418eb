/// Metadata by its expected type. Each getter throws ``LanguageModelError/Code/malformedFile``, naming the key, when
/// the value is missing or of another type; with a default, only when it is of another type.
extension GGUFFile {
    /// A text.
    public func string(_ key: String, default fallback: String? = nil) throws(LanguageModelError) -> String {
        guard case .string(let text) = try value(key, or: fallback.map(GGUFValue.string)) else {
            throw wrongType(key, "a string")
        }
        return text
    }

    /// An integer of any width.
    public func integer(_ key: String, default fallback: Int? = nil) throws(LanguageModelError) -> Int {
        guard let value = try value(key, or: fallback.map { .int64(Int64($0)) }).integer else {
            throw wrongType(key, "an integer")
        }
        return value
    }

    /// An integer of any width between bounds; for sizes that memory is reserved by.
    public func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil)
        throws(LanguageModelError) -> Int
    {
        let value = try integer(key, default: fallback)
        guard range.contains(value) else {
            throw .malformed("\(key) is \(value), not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    /// An integer or a floating-point number; finite.
    public func number(_ key: String, default fallback: Double? = nil) throws(LanguageModelError) -> Double {
        guard let value = try value(key, or: fallback.map(GGUFValue.float64)).number, value.isFinite else {
            throw wrongType(key, "a finite number")
        }
        return value
    }

    /// A boolean.
    public func bool(_ key: String, default fallback: Bool? = nil) throws(LanguageModelError) -> Bool {
        guard case .bool(let value) = try value(key, or: fallback.map(GGUFValue.bool)) else {
            throw wrongType(key, "a boolean")
        }
        return value
    }

    /// An array of texts.
    public func strings(_ key: String) throws(LanguageModelError) -> [String] {
        guard case .array(.string(let values)) = try value(key, or: nil) else {
            throw wrongType(key, "an array of strings")
        }
        return values
    }

    /// An array of integers of any width.
    public func integers(_ key: String) throws(LanguageModelError) -> [Int] {
        guard case .array(let array) = try value(key, or: nil), let values = array.integers else {
            throw wrongType(key, "an array of integers")
        }
        return values
    }

    /// An array of numbers in single precision.
    public func floats(_ key: String) throws(LanguageModelError) -> [Float] {
        guard case .array(.float32(let values)) = try value(key, or: nil) else {
            throw wrongType(key, "an array of floating-point numbers")
        }
        return values
    }

    /// A tensor.
    public func tensor(_ name: String) throws(LanguageModelError) -> GGUFTensor {
        guard let tensor = tensors[name] else { throw .malformed("tensor \(name) is missing") }
        return tensor
    }

    private func value(_ key: String, or fallback: GGUFValue?) throws(LanguageModelError) -> GGUFValue {
        guard let value = metadata[key] ?? fallback else { throw .malformed("\(key) is missing") }
        return value
    }

    private func wrongType(_ key: String, _ expected: String) -> LanguageModelError {
        .malformed("\(key) is not \(expected)")
    }
}
