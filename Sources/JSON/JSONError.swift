/// Why a text is no JSON, or not the JSON that was asked for.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    /// Where and why: `not valid JSON at line 1, column 5: a value is expected`. It repeats no value of the document,
    /// unless a `Decodable` type puts one into its own error, as enumerations do with a word they do not know.
    public let description: String

    init(_ description: String) { self.description = description }

    /// Puts what Foundation's decoder reports into words: the path to the value, but never the line, which it does not
    /// know. `init(parsingJSON:)` of a `Decodable` type knows both.
    public init(_ error: any Error) {
        if let error = error as? JSONError {
            self = error
            return
        }
        guard let error = error as? DecodingError else {
            description = "not valid JSON"
            return
        }
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            description = "not valid JSON"
        case .dataCorrupted(let context):
            description = "unexpected value\(Self.place(context)): \(context.debugDescription)"
        case .keyNotFound(let key, let context):
            description = "\"\(key.stringValue)\" is missing\(Self.place(context))"
        case .valueNotFound(_, let context):
            description = "unexpected null\(Self.place(context))"
        case .typeMismatch(let type, let context):
            description = "unexpected type\(Self.place(context)): \(type) is expected"
        @unknown default:
            description = "not valid JSON"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        guard !context.codingPath.isEmpty else { return "" }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
        return " at \(path.joined().drop { $0 == "." })"
    }
}
