import Configuration
import Cryptography
import Foundation
import JSON
import Pipeline
import PostgresClient

extension Command {
    /// `leadwright why`
    static let why = Command(
        "why", "Tell the story of one lead, from delivery to CRM.",
        discussion: """
            LEAD is its key (hubspot:8112233:contact:151), its id in the CRM if no other lead has the same, or the id of
            one of its generations. A line for all that happened, in order and with reasons: deliveries, events and why
            nothing came of them, jobs, arms, messages that were stopped, made and written, outcomes, merges, erasure.
            No field and no text is shown unless you ask for them. Of an erased lead only a hash of its key is kept: with
            LEADWRIGHT_KEY or LEADWRIGHT_KEY_FILE it is found by that.
            """,
        options: [
            .database, Option("--content", nil, "Show the lead's fields and texts too: personal data."), .json,
        ], operands: "LEAD"
    ) { arguments in
        guard arguments.operands.count == 1 else { throw CommandError.usage("name one lead") }
        let pool = try await Installation.migratedPool(arguments)
        let stories = LeadStories(pool: pool, key: try .fromEnvironment())
        let story = try await stories.story(of: arguments.operands[0], showsContent: arguments.has("--content"))
        await pool.close()
        print(arguments.has("--json") ? story.json.canonicalText : story.text)
    }
}

extension LeadStory {
    fileprivate var text: String {
        var head = "\(lead), \(tenant.map { "tenant \($0)" } ?? "no tenant is known")"
        if let mergedInto { head += "; merged into \(mergedInto), where the story goes on" }
        if erasedAt != nil { head += "; erased, known by a hash of its key only" }
        return ([head] + lines.map(\.line)).joined(separator: "\n")
    }

    fileprivate var json: JSONValue {
        [
            "lead": .string(lead), "tenant": .text(tenant), "erased_at": .text(erasedAt?.precise),
            "merged_into": .text(mergedInto), "lines": .array(lines.map(\.json)),
        ]
    }
}

extension StoryLine {
    fileprivate var line: String {
        let name = [subject.rawValue.replacing("_", with: " "), id].compactMap(\.self).joined(separator: " ")
        let marks = remarks.map { " [\($0.rawValue)]" }.joined()
        return "\(at.precise)  \(name)  \(text)\(marks)\(content.map { "\n    \($0.canonicalText)" } ?? "")"
    }

    fileprivate var json: JSONValue {
        [
            "at": .string(at.precise), "subject": .string(subject.rawValue), "id": .text(id), "text": .string(text),
            "remarks": .array(remarks.map { .string($0.rawValue) }), "content": content ?? .null,
        ]
    }
}
