import CRM
import LanguageModel

/// The conversation before a text: first what all leads of a tenant share, then of a stage, then of a playbook, then
/// the reader, so that a model computes the common beginning once.
///
/// The facts to state come last, although they are the playbook's: SmolLM2-135M states a fact that stands right
/// before the text, and forgets one that stands above the reader. Of the demo's 47 written slots, 0 stood with the
/// facts above, 4 with the facts last, and 42 with the facts last and the slots' openings.
/// Asking for each slot in a turn of its own was tried: 10 stood.
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
        var orders = Self.orders(playbook, voice: voice, stage: stage)
        var needed: [String] = []
        var allowed: [String] = []
        for case .write(let writing, _, _) in scaffold.parts.flatMap(\.pieces).map(\.piece) {
            orders += "\n\(writing.instruction)"
            if let id = writing.mustUse { needed.append(try Self.fact(id, among: facts)) }
            for id in writing.mayUse { allowed.append(try Self.fact(id, among: facts)) }
        }
        let statements =
            Self.list("The text may say:", allowed) + Self.list("The text must say:", needed)
        let reader = Self.list(
            "The reader:",
            playbook.reader.compactMap { field in
                lead[field].map { "\(field.replacing("_", with: " ")): \($0)" }
            })
        messages = [ChatMessage(.system, system), ChatMessage(.user, orders + reader + statements)]
        neutralMessages = [
            ChatMessage(.system, system),
            ChatMessage(.user, orders + Self.list("The reader:", ["nobody in particular"]) + statements),
        ]
        instructions = system + "\n" + orders
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

    /// A heading with its lines; nothing where there are no lines.
    private static func list(_ heading: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : (["\n\n\(heading)"] + lines).joined(separator: "\n")
    }

    private static func fact(_ id: String, among facts: [String: String]) throws(PersonalizationError) -> String {
        guard let fact = facts[id] else {
            throw PersonalizationError(.unknownReference, "there is no fact \"\(id)\"; declare it")
        }
        return fact
    }
}
