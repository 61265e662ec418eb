public import CRM

/// A lead's fields as they may stand in a text or a prompt.
///
/// Whatever a lead typed into a form comes through here, so this is where it stops being able to do anything: control
/// and formatting characters are gone, line breaks are spaces, the marks by which chat templates separate speakers
/// are gone, values with a web address are not used at all, and no value is longer than ``maximumLength``.
public struct LeadText: Sendable, Hashable {
    /// The longest value in characters; longer ones end at the last word within.
    public static let maximumLength = 120

    private let values: [String: String]

    /// Cleans a lead's fields.
    public init(_ fields: [String: String]) {
        values = fields.compactMapValues(Self.clean)
    }

    /// Cleans a record's fields.
    public init(_ record: LeadRecord) { self.init(record.fields) }

    /// The value of a field, or `nil` when nothing usable stands there.
    public subscript(field: String) -> String? { values[field] }

    /// The value as data, or `nil` when nothing of it is left.
    static func clean(_ raw: String) -> String? {
        // Far above any field that is shown, so that a megabyte of text costs nothing.
        var text = String(String.UnicodeScalarView(raw.unicodeScalars.prefix(4_096).compactMap(visible)))
        // Removing a mark can join the halves of another: until nothing changes.
        var before = ""
        while before != text {
            before = text
            text = withoutSpecialTokens(text)
            for mark in chatMarks { text = text.replacing(mark, with: " ") }
        }
        text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let lowered = text.lowercased()
        guard !text.isEmpty, !lowered.contains("://"), !lowered.contains("www.") else { return nil }
        return shortened(text)
    }

    /// Line breaks and tabs become spaces; other control, formatting (zero-width, direction) and private characters
    /// become nothing.
    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if scalar.properties.isWhitespace { return " " }
        return switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator:
            nil
        default: scalar
        }
    }

    private static let chatMarks = [
        "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>", "|>", "```",
        "###",
    ]

    /// Takes out `<|anything|>`, the form of special tokens in nearly every vocabulary.
    private static func withoutSpecialTokens(_ text: String) -> String {
        var rest = text[...]
        var kept = ""
        while let start = rest.firstRange(of: "<|") {
            kept += rest[..<start.lowerBound]
            let tail = rest[start.upperBound...]
            rest = tail.firstRange(of: "|>").map { tail[$0.upperBound...] } ?? tail
        }
        return kept + rest
    }

    private static func shortened(_ text: String) -> String {
        guard text.count > maximumLength else { return text }
        let head = text.prefix(maximumLength)
        return String(head.lastIndex(of: " ").map { head[..<$0] } ?? head)
    }
}
