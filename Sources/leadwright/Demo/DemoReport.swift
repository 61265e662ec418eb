import Foundation
import JSON

/// What the demo did, counted from the database and the stand-ins.
struct DemoReport {
    /// One text that was made and written.
    struct Generation {
        let id: String
        let tenant: String
        let crm: String
        let lead: String
        let firstName: String
        let stage: String
        let kind: String
        let content: [String: String]
        let target: String
        /// The database holds the proof of the write.
        let isWritten: Bool
        /// The stand-in itself, asked by the demo, shows the text. Where a newer text of the same lead stands in the
        /// same place, the proof from the time of writing counts.
        let isReadBack: Bool
        let modelSHA256: String
        let seed: Int64
        let promptSHA256: String
        let arm: String
        let slots: [JSONValue]
        let tokens: Int
        let milliseconds: Int

        /// The slots where the tenant's default stands.
        var fallbacks: Int { slots.count { $0["outcome"]?.string == "fallback" } }
        /// The subject line, or the first words.
        var headline: String { content["subject"] ?? String(content["body"]?.prefix(60) ?? "") }
        /// The whole text.
        var text: String { [content["subject"], content["body"]].compactMap { $0 }.joined(separator: "\n\n") }
    }

    var deliveries = 0
    var duplicates = 0
    var events = 0
    var optedOut = 0
    var heldOut = 0
    var outcomes = 0
    var examples = 0
    /// Events that a stand-in sent and the database does not hold, messages neither written nor suppressed, and dead
    /// jobs.
    var lost = 0
    var seconds = 0.0
    var model = ""
    var generations: [Generation] = []

    /// The contents of report.json.
    var json: JSONValue {
        [
            "deliveries": .integer(Int64(deliveries)), "duplicates": .integer(Int64(duplicates)),
            "events": .integer(Int64(events)), "generations": .array(generations.map(\.json)),
            "suppressed": ["opted_out": .integer(Int64(optedOut)), "holdout": .integer(Int64(heldOut))],
            "outcomes": .integer(Int64(outcomes)), "examples": .integer(Int64(examples)),
            "lost": .integer(Int64(lost)), "seconds": .number((seconds * 10).rounded() / 10),
        ]
    }

    /// What is not as promised, a sentence each; empty when all is well.
    var complaints: [String] {
        var complaints: [String] = []
        if lost > 0 { complaints.append("\(lost) events or messages were lost") }
        let unwritten = generations.count { !$0.isWritten || !$0.isReadBack }
        if unwritten > 0 { complaints.append("\(unwritten) texts are not written and read back") }
        if generations.contains(where: { $0.text.isEmpty }) { complaints.append("a text is empty") }
        if Set(generations.map(\.text)).count < generations.count { complaints.append("two leads got the same text") }
        if Set(generations.map(\.lead)).count + optedOut + heldOut < 30 { complaints.append("fewer than 30 leads") }
        return complaints
    }

    /// The slots in which the model's text stands, out of all that it was to write.
    var writtenSlots: (stand: Int, all: Int) {
        let slots = generations.flatMap(\.slots).filter { $0["mode"]?.string == "write" }
        return (slots.count { $0["outcome"]?.string != "fallback" }, slots.count)
    }
}

extension DemoReport.Generation {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "tenant": .string(tenant), "crm": .string(crm), "lead": .string(lead),
            "stage": .string(stage), "kind": .string(kind), "text": .string(text), "target": .string(target),
            "written": .bool(isWritten), "read_back": .bool(isReadBack), "model_sha256": .string(modelSHA256),
            "seed": .integer(seed), "prompt_sha256": .string(promptSHA256), "arm": .string(arm),
            "slots": .integer(Int64(slots.count)), "slots_fallback": .integer(Int64(fallbacks)),
            "tokens": .integer(Int64(tokens)), "ms": .integer(Int64(milliseconds)),
        ]
    }
}
