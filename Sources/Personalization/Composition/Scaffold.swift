import CRM

/// A playbook's scaffold for one lead: conditions settled, placeholders filled, slots still open.
struct Scaffold: Sendable {
    /// A piece that will stand in the text.
    enum Piece: Sendable {
        case literal(String)
        /// At least two wordings.
        case choose(name: String, variants: [String])
        /// `opening` stands already; `fallback` goes on from it, as the model's text does.
        case write(Writing, opening: String, fallback: String)

        /// The tenant's own text here: what stands there without a model.
        var template: String {
            switch self {
            case .literal(let text): text
            case .choose(_, let variants): variants.first ?? ""
            case .write(_, let opening, let fallback): opening + fallback
            }
        }
    }

    /// A part with its pieces, each beside the text that stands there for nobody in particular.
    struct Part: Sendable {
        let name: String
        var pieces: [(piece: Piece, neutral: String)] = []
    }

    private(set) var parts: [Part] = []

    /// Settles a playbook's scaffold.
    ///
    /// - Throws: `incompleteLead` for a field that a piece needs and has no `else` for, `unknownReference` for a fact
    ///   or call to action that is not declared.
    init(_ playbook: Playbook, lead: LeadText, rendering: Rendering) throws(PersonalizationError) {
        var neutral = rendering
        neutral.lead = nil
        for source in playbook.scaffold {
            var part = Part(name: source.part)
            for piece in source.pieces {
                let opensPart = part.pieces.allSatisfy { $0.piece.template.isEmpty }
                if let settled = try Self.settle(piece, lead: lead, rendering: rendering, opensPart: opensPart),
                    let plain = try Self.settle(piece, lead: lead, rendering: neutral, opensPart: opensPart)
                {
                    part.pieces.append((settled, plain.template))
                }
            }
            parts.append(part)
        }
    }

    /// The piece as it stands for this lead, or `nil` when nothing does. Conditions always look at the lead; only
    /// what placeholders show differs between the lead's rendering and the neutral one.
    private static func settle(
        _ piece: Personalization.Piece, lead: LeadText, rendering: Rendering, opensPart: Bool
    ) throws(PersonalizationError) -> Piece? {
        if let condition = piece.when, !condition.holds(for: lead, at: rendering.stage) {
            guard let otherwise = piece.otherwise else { return nil }
            return .literal(try rendering.text(of: otherwise, opensPart: opensPart))
        }
        do {
            switch piece.content {
            case .text(let template):
                return .literal(try rendering.text(of: template, opensPart: opensPart))
            case .choose(let choice):
                let variants = try offered(choice, lead: lead, rendering: rendering, opensPart: opensPart)
                return variants.count == 1 ? .literal(variants[0]) : .choose(name: choice.name, variants: variants)
            case .write(let writing):
                let opening = try writing.opening.map { template throws(PersonalizationError) in
                    try rendering.text(of: template, opensPart: opensPart) + " "
                }
                let fallback = try rendering.text(of: writing.fallback, opensPart: opensPart)
                return .write(
                    writing, opening: opening ?? "", fallback: String(fallback.dropFirst(opening?.count ?? 0)))
            }
        } catch {
            guard error.code == .incompleteLead, let otherwise = piece.otherwise else { throw error }
            return .literal(try rendering.text(of: otherwise, opensPart: opensPart))
        }
    }

    /// The variants that can stand for this lead, in order, each once.
    private static func offered(
        _ choice: Choice, lead: LeadText, rendering: Rendering, opensPart: Bool
    ) throws(PersonalizationError) -> [String] {
        var texts: [String] = []
        var missing = PersonalizationError(
            .incompleteLead, "no variant of slot \"\(choice.name)\" applies to this lead; give one without a condition")
        for variant in choice.variants where variant.when?.holds(for: lead, at: rendering.stage) ?? true {
            do {
                let text = try rendering.text(of: variant.text, opensPart: opensPart)
                if !texts.contains(text) { texts.append(text) }
            } catch {
                guard error.code == .incompleteLead else { throw error }
                missing = error
            }
        }
        guard !texts.isEmpty else { throw missing }
        return texts
    }
}
