import Foundation
import JSON
import JobQueue

/// What a job of the stage `understand` carries.
struct EventPayload {
    let event: Int64

    init(event: Int64) { self.event = event }

    /// `nil` when the payload is another version's.
    init?(_ job: Job) { self.init(job.payload) }

    init?(_ payload: JSONValue) {
        guard let id = payload["event"]?.integer else { return nil }
        event = id
    }

    var json: JSONValue { ["event": .integer(event)] }
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
