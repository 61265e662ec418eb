import Foundation
import JSON

/// One Zap that starts with Leadwright's trigger, and what came in.
struct Zap: Sendable {
    /// What Zapier knows about the subscription.
    enum State: String, Sendable {
        /// The gateway has not answered yet.
        case subscribing
        case on
        /// The gateway refused.
        case failed
        case off
    }

    let id: String
    /// The event it waits for: `lead.content_ready`.
    let event: String
    let filters: JSONValue?
    var state = State.subscribing
    /// The gateway's id for the subscription.
    var subscriptionID = ""
    /// The bodies that came in, oldest first.
    private(set) var history: [JSONValue] = []
    /// How many bodies had an `id` that was there before. Each starts the Zap again: Zapier tells hooks apart by
    /// nothing.
    private(set) var repeated = 0
    private var ids: Set<String> = []
    private var recent: [Date] = []

    init(id: String, event: String, filters: JSONValue?) {
        self.id = id
        self.event = event
        self.filters = filters
    }

    /// Keeps what came in.
    mutating func receive(_ body: JSONValue) {
        history.append(body)
        guard let id = body["id"]?.scalarText else { return }
        if !ids.insert(id).inserted { repeated += 1 }
    }

    /// Whether the address takes another post in this second.
    mutating func hasRoom(limit: Int, now: Date) -> Bool {
        recent.removeAll { $0 <= now.addingTimeInterval(-1) }
        guard recent.count < limit else { return false }
        recent.append(now)
        return true
    }

    /// The Zap as the administration shows it.
    var json: JSONValue {
        [
            "id": .string(id), "event": .string(event), "state": .string(state.rawValue),
            "subscription_id": .string(subscriptionID), "received": .integer(Int64(history.count)),
            "repeated": .integer(Int64(repeated)), "history": .array(history),
        ]
    }
}
