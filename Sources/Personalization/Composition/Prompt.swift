import CRM
import LanguageModel

/// The conversation before a text: first what all leads of a tenant share, then of a stage, then of a playbook, and
/// the reader last, so that a model computes the common beginning once.
struct Prompt: Sendable {
    /// What the model reads for this lead.
    let messages: [ChatMessage]
    /// The same about nobody in particular.
    let neutralMessages: [ChatMessage]
    /// Everything in it that is an order and not material; a text that repeats this has misunderstood.
    let instructions: String

    init(
        _ playbook: Playbook, scaffold: Scaffold, voice: BrandVoice, stage: FunnelStage, lead: LeadText,
        facts: [String: String]
    ) throws(PersonalizationError) {
        let system = Self.system(voice, language: Language(playbook.language ?? voice.language))
        let orders = Self.orders(playbook, voice: voice, stage: stage)
        var slots = ""
        var slotOrders = ""
        for case .write(let writing, _) in scaffold.parts.flatMap(\.pieces).map(\.piece) {
            slotOrders += "\(writing.instruction)\n"
            slots += "\n- \(writing.name): \(writing.instruction)"
            for (label, id) in [("State", writing.mustUse)] + writing.mayUse.map({ ("May use", $0) }) {
                guard let id else { continue }
                guard let fact = facts[id] else {
                    throw PersonalizationError(.unknownReference, "there is no fact \"\(id)\"; declare it")
                }
                slots += " \(label): \(fact)"
            }
        }
        let task = orders + (slots.isEmpty ? "" : "\nSentences to write:\(slots)")
        let fields = playbook.reader.compactMap { field in
            lead[field].map { "\n\(field.replacing("_", with: " ")): \($0)" }
        }
        messages = [
            ChatMessage(.system, system), ChatMessage(.user, "\(task)\n\nThe reader:\(fields.joined())"),
        ]
        neutralMessages = [
            ChatMessage(.system, system), ChatMessage(.user, "\(task)\n\nThe reader: nobody in particular"),
        ]
        instructions = [system, orders, slotOrders].joined(separator: "\n")
    }

    private static func system(_ voice: BrandVoice, language: Language) -> String {
        var lines = ["You write for \(voice.name), in \(language.name). The voice:"]
        lines += voice.rules.map { "- \($0)" }
        // The checks refuse banned phrases; naming all of them to a small model makes it use them.
        lines.append("Say only what the facts and the reader's lines say. Add no number, name, price or link.")
        return lines.joined(separator: "\n")
    }

    private static func orders(_ playbook: Playbook, voice: BrandVoice, stage: FunnelStage) -> String {
        let meaning = voice.stages[stage].map { ": \($0)" } ?? ""
        return "The reader's stage is \(stage.rawValue)\(meaning).\n\(playbook.brief)"
    }
}
