import CRM

/// What stands for the placeholders of a template.
struct Rendering: Sendable {
    /// Whose fields stand there; `nil` for nobody in particular, where each field's name stands for its value.
    var lead: LeadText?
    var stage: FunnelStage
    var voice: BrandVoice
    var facts: [String: String]

    /// The template's text.
    ///
    /// - Parameter opensPart: Whether the text opens a part of the message. A lead's field may not bring `=`, `+`, `-`
    ///   or `@` there: a spreadsheet that the CRM's data is exported to would read a formula.
    func text(of template: Template, opensPart: Bool = false) throws(PersonalizationError) -> String {
        var text = ""
        for part in template.parts {
            switch part {
            case .text(let literal): text += literal
            case .lead(let field):
                let value = try value(of: field)
                text += opensPart && text.isEmpty ? try Self.guarded(value, field: field) : value
            case .fact(let id):
                guard let fact = facts[id] else {
                    throw PersonalizationError(.unknownReference, "there is no fact \"\(id)\"; declare it")
                }
                text += fact
            case .voice(.name): text += voice.name
            case .voice(.signature): text += voice.signature
            case .voice(.cta):
                guard let cta = voice.cta[stage] else {
                    throw PersonalizationError(
                        .unknownReference, "the voice has no call to action for stage \(stage.rawValue); add it")
                }
                text += cta
            }
        }
        return text
    }

    private func value(of field: String) throws(PersonalizationError) -> String {
        guard let lead else { return field.replacing("_", with: " ") }
        guard let value = lead[field] else { throw .missing(field) }
        return value
    }

    private static func guarded(_ value: String, field: String) throws(PersonalizationError) -> String {
        let rest = value.drop { "=+-@ ".contains($0) }
        guard !rest.isEmpty else { throw .missing(field) }
        return String(rest)
    }
}
