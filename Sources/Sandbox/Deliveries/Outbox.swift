package import Foundation

/// What a stand-in has to send, as a pure state machine: which requests to make now, when to look again, what to
/// repeat. It makes no request and reads no clock.
package struct Outbox<Message: Sendable>: Sendable {
    /// Concurrency, retries and disturbances.
    package var policy: DeliveryPolicy
    /// What was sent so far.
    package private(set) var counts = DeliveryCounts()

    private var waiting: [(lane: DeliveryLane, messages: [Message])] = []
    private var scheduled: [(due: Date, attempt: DeliveryAttempt<Message>)] = []
    private var inFlight: [Int: DeliveryAttempt<Message>] = [:]
    private var lastID = 0
    private var random: SeededGenerator

    package init(policy: DeliveryPolicy, seed: UInt64) {
        self.policy = policy
        random = SeededGenerator(seed: seed)
    }

    /// Whether everything was accepted or given up.
    package var isIdle: Bool { waiting.isEmpty && scheduled.isEmpty && inFlight.isEmpty }

    /// How many requests are under way.
    package var inFlightCount: Int { inFlight.count }

    /// How many messages wait for their first or next attempt.
    package var pendingCount: Int {
        waiting.reduce(0) { $0 + $1.messages.count } + scheduled.reduce(0) { $0 + $1.attempt.messages.count }
    }

    /// When the next retry falls due; `nil` when none is scheduled.
    package var nextDue: Date? { scheduled.map(\.due).min() }

    /// Adds a message behind those of its lane.
    package mutating func enqueue(_ message: Message, in lane: DeliveryLane) {
        counts.events += 1
        guard let place = waiting.firstIndex(where: { $0.lane == lane }) else {
            waiting.append((lane: lane, messages: [message]))
            return
        }
        let end = waiting[place].messages.endIndex
        waiting[place].messages.insert(message, at: random.chance(policy.reordered) ? end - 1 : end)
    }

    /// The requests to make now, retries first. Each must be reported to ``finish(_:accepted:now:)``.
    package mutating func start(now: Date) -> [DeliveryAttempt<Message>] {
        var started: [DeliveryAttempt<Message>] = []
        while inFlight.count < policy.concurrency, let attempt = nextAttempt(now: now) {
            inFlight[attempt.id] = attempt
            counts.deliveries += 1
            if attempt.number > 0 { counts.retries += 1 }
            if attempt.isDuplicate { counts.duplicates += 1 }
            started.append(attempt)
        }
        return started
    }

    /// Takes the result of a request: repeats it later unless it was accepted or has no attempt left.
    package mutating func finish(_ attempt: DeliveryAttempt<Message>, accepted: Bool, now: Date) {
        guard inFlight.removeValue(forKey: attempt.id) != nil else { return }
        if accepted {
            counts.accepted += 1
            return
        }
        counts.refused += 1
        guard attempt.number < policy.retrySeconds.count else {
            counts.abandoned += 1
            return
        }
        let due = now.addingTimeInterval(policy.retrySeconds[attempt.number])
        schedule(
            attempt.messages, in: attempt.lane, number: attempt.number + 1, duplicate: attempt.isDuplicate, at: due)
    }

    private mutating func nextAttempt(now: Date) -> DeliveryAttempt<Message>? {
        if let place = scheduled.firstIndex(where: { $0.due <= now && !isBlocked($0.attempt.lane) }) {
            return scheduled.remove(at: place).attempt
        }
        let place = waiting.firstIndex { entry in
            !isBlocked(entry.lane) && !(entry.lane.isOrdered && scheduled.contains { $0.attempt.lane == entry.lane })
        }
        guard let place else { return nil }
        let lane = waiting[place].lane
        let messages = Array(waiting[place].messages.prefix(max(1, min(lane.batch, policy.batch))))
        waiting[place].messages.removeFirst(messages.count)
        if waiting[place].messages.isEmpty { waiting.remove(at: place) }
        if random.chance(policy.duplicates) { schedule(messages, in: lane, number: 0, duplicate: true, at: now) }
        lastID += 1
        return DeliveryAttempt(id: lastID, lane: lane, messages: messages, number: 0, isDuplicate: false)
    }

    /// Whether the lane keeps its order and has a request under way.
    private func isBlocked(_ lane: DeliveryLane) -> Bool {
        lane.isOrdered && inFlight.values.contains { $0.lane == lane }
    }

    private mutating func schedule(
        _ messages: [Message], in lane: DeliveryLane, number: Int, duplicate: Bool, at due: Date
    ) {
        lastID += 1
        let attempt = DeliveryAttempt(
            id: lastID, lane: lane, messages: messages, number: number, isDuplicate: duplicate)
        scheduled.append((due: due, attempt: attempt))
    }
}

/// What an outbox has sent.
package struct DeliveryCounts: Codable, Sendable, Hashable {
    /// Messages that were put in.
    package var events = 0
    /// Requests that were made, repeated ones included.
    package var deliveries = 0
    /// Requests that were repeated although the first was, or will be, accepted.
    package var duplicates = 0
    /// Requests made again after a refusal.
    package var retries = 0
    /// Requests that the receiver accepted.
    package var accepted = 0
    /// Requests that failed or were refused.
    package var refused = 0
    /// Deliveries given up after the last attempt.
    package var abandoned = 0
}
