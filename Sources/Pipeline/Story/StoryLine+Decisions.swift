import Foundation
import PostgresClient

extension StoryLine {
    static func erasure(at time: Date) -> StoryLine {
        StoryLine(
            .erasure, at: time,
            "what we held about the lead was removed; that it was is known by a hash of its key only")
    }

    static func assignment(_ row: PostgresRow) throws(PostgresError) -> StoryLine {
        let (experiment, arm, probability, at) = try row.decode(String.self, String.self, Double.self, Date.self)
        return StoryLine(
            .assignment, experiment, at: at, "drawn into arm \(arm), which happens with probability \(probability)")
    }

    static func suppression(_ row: PostgresRow) throws(PostgresError) -> StoryLine {
        let (id, event, playbook, reason, detail, stage, at) = try row.decode(
            Int64.self, Int64.self, String.self, String.self, String.self, String.self, Date.self)
        let remarks: [Remark] =
            switch (reason, detail) {
            case ("stale", _): [.stale]
            // An erasure stops what is on its way as it would for a record that is gone.
            case ("gone", "erased"): [.erasedMeanwhile]
            default: []
            }
        return StoryLine(
            .suppression, String(id), at: at,
            "\(playbook) for event \(event) stopped at stage \(stage): \(reason), \(detail)", remarks: remarks)
    }

    static func writeBack(_ row: PostgresRow) throws(PostgresError) -> StoryLine {
        let (generation, target, state, location, reason, attempts, at) = try row.decode(
            UUID.self, String.self, String.self, String?.self, String?.self, Int.self, Date.self)
        var text = "\(target) \(state) after \(attempts) call\(attempts == 1 ? "" : "s")"
        if let location { text += " at \(location)" }
        if let reason { text += ": \(reason)" }
        return StoryLine(.writeBack, generation.uuidString.lowercased(), at: at, text)
    }

    static func outcome(_ row: PostgresRow) throws(PostgresError) -> StoryLine {
        let (id, kind, occurredAt, generation, rule, recordedAt) = try row.decode(
            Int64.self, String.self, Date.self, UUID?.self, String?.self, Date.self)
        let cause = generation.map { "attributed to generation \($0.uuidString.lowercased()) by \(rule ?? "")" }
        return StoryLine(
            .outcome, String(id), at: recordedAt,
            "\(kind) at \(occurredAt.formatted(.iso8601)), \(cause ?? "attributed to no text")")
    }
}
