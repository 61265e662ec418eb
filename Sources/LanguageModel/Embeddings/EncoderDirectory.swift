import Foundation
import JSON

/// A directory as sentence-transformers saves it: `config.json`, `model.safetensors`, `vocab.txt` and some more.
struct EncoderDirectory {
    private let url: URL

    /// The longest of the small files that we read.
    private static let longestSettings = 1 << 20

    init(_ path: String) { url = URL(filePath: path) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// One of the JSON files.
    func settings(_ name: String) throws(LanguageModelError) -> EncoderSettings {
        let file = try FileMapping(path: path(name))
        guard file.bytes.count <= Self.longestSettings else {
            throw .malformedEncoder("\(name) has \(file.bytes.count) bytes")
        }
        do throws(JSONError) {
            return EncoderSettings(name: name, value: try JSONValue(parsing: Data(file.bytes)))
        } catch {
            throw .malformedEncoder("\(name) is \(error)")
        }
    }
}

/// A JSON file's members by their expected type.
struct EncoderSettings {
    let name: String
    let value: JSONValue

    /// - Throws: `malformedFile` when it is missing, no integer, or outside the range.
    func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(LanguageModelError)
        -> Int
    {
        if let fallback, value[key] == nil || value[key] == .null { return fallback }
        guard let integer = value[key]?.integer.flatMap(Int.init(exactly:)), range.contains(integer) else {
            throw .malformedEncoder(
                "\(key) in \(name) is no integer between \(range.lowerBound) and \(range.upperBound)")
        }
        return integer
    }

    /// - Throws: `malformedFile` when it is no number that is at least 0.
    func number(_ key: String, default fallback: Double) throws(LanguageModelError) -> Double {
        guard let number = (value[key] ?? .number(fallback)).double, number >= 0 else {
            throw .malformedEncoder("\(key) in \(name) is no number")
        }
        return number
    }

    /// - Throws: `unsupportedModel` when it has another value.
    func require(_ key: String, _ wanted: JSONValue, default fallback: JSONValue = .null) throws(LanguageModelError) {
        guard (value[key] ?? fallback) == wanted else {
            throw LanguageModelError(
                .unsupportedModel,
                "\(key) in \(name) is not \(wanted.canonicalText); use an uncased BERT encoder such as all-MiniLM-L6-v2"
            )
        }
    }

    /// The last part of each module's type, in `modules.json`.
    var types: [String] {
        (value.array ?? []).map { module in
            (module["type"]?.string ?? "").split(separator: ".").last.map(String.init) ?? ""
        }
    }
}

extension LanguageModelError {
    static func malformedEncoder(_ message: String) -> LanguageModelError {
        LanguageModelError(.malformedFile, "not a sound sentence encoder: \(message); fetch it again")
    }
}
