/// Literal text with placeholders: `Hi {lead.first_name},`.
///
/// `{lead.NAME}` is a field of the lead, `{fact.ID}` the wording of a fact, `{voice.name}`, `{voice.signature}` and
/// `{voice.cta}` the brand's name, signature and call to action for the stage. `{{` and `}}` stand for braces.
/// A template is read once: what a lead's field holds is never read as a template.
public struct Template: Sendable, Hashable {
    /// A run of text or one placeholder.
    enum Part: Sendable, Hashable {
        case text(String)
        case lead(String)
        case fact(String)
        case voice(VoiceField)
    }

    /// What a brand's voice can put into a text.
    enum VoiceField: String, Sendable, CaseIterable {
        case name, signature, cta
    }

    /// The template as it was written.
    public let source: String
    let parts: [Part]

    /// Reads a template.
    ///
    /// - Throws: `malformedTemplate`; the message names the placeholder.
    public init(_ source: String) throws(PersonalizationError) {
        self.source = source
        self.parts = try Self.parse(source)
    }

    /// The lead fields it names, in order.
    public var leadFields: [String] {
        parts.compactMap { if case .lead(let field) = $0 { field } else { nil } }
    }

    /// The facts it names, in order.
    public var factIDs: [String] {
        parts.compactMap { if case .fact(let id) = $0 { id } else { nil } }
    }

    /// Whether it names the brand's call to action.
    var usesCallToAction: Bool { parts.contains(.voice(.cta)) }

    /// The text without its placeholders.
    var literalText: String {
        parts.map { if case .text(let text) = $0 { text } else { " " } }.joined()
    }

    private static func parse(_ source: String) throws(PersonalizationError) -> [Part] {
        var parts: [Part] = []
        var text = ""
        var rest = source[...]
        while let character = rest.popFirst() {
            guard character == "{" || character == "}" else {
                text.append(character)
                continue
            }
            if rest.first == character {
                rest.removeFirst()
                text.append(character)
                continue
            }
            guard character == "{", let end = rest.firstIndex(of: "}") else {
                throw PersonalizationError(
                    .malformedTemplate, "a lone \"\(character)\"; write it twice to mean the character itself")
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
            parts.append(try placeholder(String(rest[..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !text.isEmpty { parts.append(.text(text)) }
        return parts
    }

    private static func placeholder(_ name: String) throws(PersonalizationError) -> Part {
        let words = name.split(separator: ".", maxSplits: 1).map(String.init)
        if words.count == 2, isName(words[1]) {
            switch words[0] {
            case "lead": return .lead(words[1])
            case "fact": return .fact(words[1])
            case "voice":
                if let field = VoiceField(rawValue: words[1]) { return .voice(field) }
            default: break
            }
        }
        throw PersonalizationError(
            .malformedTemplate,
            "unknown placeholder {\(name)}; use {lead.FIELD}, {fact.ID}, {voice.name}, {voice.signature} or {voice.cta}"
        )
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}

extension Template: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(PersonalizationError) {
            try self.init(try Self.text(of: container))
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(source)
    }

    private static func text(of container: any SingleValueDecodingContainer) throws(PersonalizationError) -> String {
        do {
            return try container.decode(String.self)
        } catch {
            throw PersonalizationError(.malformedTemplate, "a text is expected here")
        }
    }
}
