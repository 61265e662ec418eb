import CRM
import LanguageModel

/// The conversation before a text: first what all leads of a tenant share, then of a stage, then of a playbook, then
/// the reader, so that a model computes the common beginning once.
///
/// A small model states a fact that it has just read, and forgets one that stands above the reader. A slot with an
/// `opening` goes on from its text, so its fact stands at the end of the prompt; a slot without one gets its
/// instruction and its fact as a turn of its own.
struct Prompt: Sendable {
    /// What the model reads for this lead.
    let messages: [ChatMessage]
    /// The same about nobody in particular.
    let neutralMessages: [ChatMessage]
    /// Everything in it that is an order and not material; a text that repeats this has misunderstood.
    let instructions: String
    /// What the model is asked for in each slot without an opening, with the facts to state.
    let slotInstructions: [String: String]

    init(
        _ playbook: Playbook, scaffold: Scaffold, voice: BrandVoice, stage: FunnelStage, lead: LeadText,
        facts: [String: String]
    ) throws(PersonalizationError) {
        let system = Self.system(voice, language: Language(playbook.language ?? voice.language))
        let orders = Self.orders(playbook, voice: voice, stage: stage)
        var asked: [String: String] = [:]
        var statements: [String] = []
        var slotOrders = ""
        for case .write(let writing, let opening, _) in scaffold.parts.flatMap(\.pieces).map(\.piece) {
            slotOrders += "\n\(writing.instruction)"
            if opening.isEmpty {
                asked[writing.name] = try Self.instruction(for: writing, facts: facts)
            } else {
                for id in writing.mayUse + [writing.mustUse].compactMap({ $0 }) {
                    statements.append(try Self.fact(id, among: facts))
                }
            }
        }
        slotInstructions = asked
        let reader = playbook.reader.compactMap { field in
            lead[field].map { "\(field.replacing("_", with: " ")): \($0)" }
        }
        let ending = Self.list("The text must say:", statements)
        messages = [
            ChatMessage(.system, system),
            ChatMessage(.user, orders + Self.list("The reader:", reader) + ending),
        ]
        neutralMessages = [
            ChatMessage(.system, system),
            ChatMessage(.user, orders + Self.list("The reader:", ["nobody in particular"]) + ending),
        ]
        instructions = system + "\n" + orders + slotOrders
    }

    /// The fact stands last, where a small model heeds it most.
    private static func instruction(
        for writing: Writing, facts: [String: String]
    ) throws(PersonalizationError) -> String {
        var text = "\(writing.instruction) Answer with the sentence alone, without a heading or a greeting."
        for id in writing.mayUse { text += " You may use: \(try fact(id, among: facts))" }
        if let id = writing.mustUse { text += " Say this: \(try fact(id, among: facts))" }
        return text
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
