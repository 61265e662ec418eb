import Foundation

/// Why a text is no JSON, or not the JSON that was asked for.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    /// Where and why, without any of the document's content: `Unexpected character around line 1, column 5`.
    public let description: String

    /// Puts the location that Foundation's decoder reports into words.
    public init(_ error: any Error) {
        guard let error = error as? DecodingError else {
            description = "not valid JSON"
            return
        }
        switch error {
        case .dataCorrupted(let context):
            let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
            description = "not valid JSON\(Self.place(context)): \(detail ?? context.debugDescription)"
        case .keyNotFound(let key, let context):
            description = "\"\(key.stringValue)\" is missing\(Self.place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            description = "unexpected type\(Self.place(context)): \(context.debugDescription)"
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
