/// How the parts of a message stand in one text, for the model to write and for data sets to show.
///
/// ```text
/// Subject: 1 late table, 0 errors
///
/// Anneke,
/// …
/// ```
public enum MessageText {
    /// The text of a message, its parts in the usual order.
    public static func text(of content: [String: String]) -> String {
        let parts = order(of: Array(content.keys))
        return parts.enumerated().map { index, part in
            opening(of: part, first: index == 0, alone: parts.count == 1) + (content[part] ?? "")
        }.joined()
    }

    /// The order in which parts are written: the subject first, the body last, others between them by name.
    public static func order(of parts: [String]) -> [String] {
        let ranks = ["subject": 0, "body": 2]
        return parts.sorted { (ranks[$0] ?? 1, $0) < (ranks[$1] ?? 1, $1) }
    }

    /// What stands before a part: a blank line, and a heading unless it is the body or the only part.
    static func opening(of part: String, first: Bool, alone: Bool) -> String {
        let heading = alone || part == "body" ? "" : "\(part.prefix(1).uppercased())\(part.dropFirst()): "
        return (first ? "" : "\n\n") + heading
    }
}
