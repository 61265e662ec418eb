/// One request that a stand-in is about to make, or is making: some messages that go to the same place together.
package struct DeliveryAttempt<Message: Sendable>: Sendable {
    /// Its number, unique in the outbox.
    package let id: Int
    /// Where it goes.
    package let lane: DeliveryLane
    /// What it carries.
    package let messages: [Message]
    /// 0 for the first attempt.
    package let number: Int
    /// Whether it repeats a delivery that was sent anyway.
    package let isDuplicate: Bool
}

/// Messages that may travel in one request, and how.
package struct DeliveryLane: Hashable, Sendable {
    /// What distinguishes the lane from the others.
    package let name: String
    /// The most messages in one request.
    package let batch: Int
    /// Whether a request waits until the one before it was accepted or given up.
    package let isOrdered: Bool

    package init(_ name: String, batch: Int = 1, isOrdered: Bool = false) {
        self.name = name
        self.batch = batch
        self.isOrdered = isOrdered
    }
}
