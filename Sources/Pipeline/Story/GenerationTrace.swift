import Foundation
import JSON
import LanguageModel
import PostgresClient

/// A row of story_generations.sql.
struct GenerationTrace: Sendable {
    let id: UUID
    let event: Int64
    private let plan: String
    private let state: String
    private let model: String?
    private let milliseconds: Int
    private let plannedAt: Date
    private let generatedAt: Date?
    private let slots: [SlotResult]
    private let content: String?

    init(_ row: PostgresRow) throws(PostgresError) {
        func text(_ column: String) throws(PostgresError) -> String { try row.decode(column) }
        id = try row.decode("id")
        event = try row.decode("event_id")
        plan = try """
        \(text("kind")) planned for event \(event) by playbook \(text("playbook")), version \
        \(text("playbook_version")), for stage \(text("stage")), arm \(text("arm"))
        """
        state = try text("state")
        let adapter = try row.decode("adapter", as: String?.self)
        model = try row.decode("model", as: String?.self).map { name in adapter.map { "\(name) with \($0)" } ?? name }
        milliseconds = try row.decode("milliseconds", as: Int?.self) ?? 0
        plannedAt = try row.decode("planned_at")
        generatedAt = try row.decode("generated_at")
        let slots = try row.decode("slots", as: String?.self) ?? "[]"
        self.slots = (try? JSONDecoder().decode([SlotResult].self, from: Data(slots.utf8))) ?? []
        content = try row.decode("content")
    }

    /// The plan, and the text if there is one.
    func lines(showsContent: Bool) -> [StoryLine] {
        let now = "; it is \(state) now"
        guard let generatedAt else { return [StoryLine(.generation, name, at: plannedAt, plan + now)] }
        let maker = model.map { "made by \($0)" } ?? "made from the tenant's template"
        let text = (["\(maker) in \(milliseconds) ms"] + slots.map(\.fate)).joined(separator: ", ")
        return [
            StoryLine(.generation, name, at: plannedAt, plan),
            StoryLine(.generation, name, at: generatedAt, text + now, content: showsContent ? shown : nil),
        ]
    }

    private var name: String { id.uuidString.lowercased() }

    /// The text, and what was said against others: such reasons quote them.
    private var shown: JSONValue? {
        guard let content, let text = try? JSONValue(parsing: content) else { return nil }
        let refused = slots.filter { !$0.reasons.isEmpty }.map { slot in
            JSONValue.object(["slot": .string(slot.name), "reasons": .array(slot.reasons.map { .string($0) })])
        }
        return ["text": text, "refused": .array(refused)]
    }
}

extension SlotResult {
    /// Whose text stands there: `opening stood`, `fact fallback after 3 attempts`.
    fileprivate var fate: String {
        "\(name) \(outcome.rawValue)\(attempts > 1 ? " after \(attempts) attempts" : "")"
    }
}
