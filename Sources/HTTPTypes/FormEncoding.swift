import Foundation

/// `application/x-www-form-urlencoded`, as browsers and OAuth token endpoints use it (WHATWG URL, section 5).
public enum FormEncoding {
    /// Name and value pairs of a form or a query, in order; a pair without `=` has an empty value.
    public static func decode(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&", omittingEmptySubsequences: true).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: decodeComponent(parts[0]), value: parts.count > 1 ? decodeComponent(parts[1]) : "")
        }
    }

    /// The pairs as a form body.
    public static func encode(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(percentEncode($0.name))=\(percentEncode($0.value))" }.joined(separator: "&")
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters: right for a path segment, a query value and
    /// a form value alike.
    public static func percentEncode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    private static func decodeComponent(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
    }
}
