import Foundation
import JSON
import JobQueue

/// What a job of the stage `understand` carries.
struct EventPayload {
    let event: Int64
    /// The message that waited for its lead to be quiet, if the job is its.
    let quiet: QuietMessage?

    init(event: Int64) {
        self.event = event
        quiet = nil
    }

    init(quiet: QuietMessage) {
        event = quiet.event
        self.quiet = quiet
    }

    /// `nil` when the payload is another version's.
    init?(_ job: Job) { self.init(job.payload) }

    init?(_ payload: JSONValue) {
        guard let id = payload["event"]?.integer else { return nil }
        event = id
        guard let message = payload["quiet"] else {
            quiet = nil
            return
        }
        guard let lead = message["lead"]?.integer, let playbook = message["playbook"]?.string else { return nil }
        quiet = QuietMessage(lead: lead, playbook: playbook, event: id)
    }

    var json: JSONValue {
        guard let quiet else { return ["event": .integer(event)] }
        return [
            "event": .integer(event),
            "quiet": ["lead": .integer(quiet.lead), "playbook": .string(quiet.playbook)],
        ]
    }
}

/// What a job of the stages `generate` and `write` carries.
struct GenerationPayload {
    let generation: UUID

    init(generation: UUID) { self.generation = generation }

    /// `nil` when the payload is another version's.
    init?(_ job: Job) { self.init(job.payload) }

    init?(_ payload: JSONValue) {
        guard let id = payload["generation"]?.string.flatMap(UUID.init(uuidString:)) else { return nil }
        generation = id
    }

    var json: JSONValue { ["generation": .string(generation.uuidString.lowercased())] }
}
