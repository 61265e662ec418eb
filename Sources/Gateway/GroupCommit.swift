/// Which deliveries are taken in, and which of them are committed together: the decisions, apart from input and output.
///
/// While a commit is under way, what arrives waits and is committed together in the next one. There is no timer: an idle
/// gateway commits each delivery at once, and the busier it is, the more of them share a transaction and its fsync.
/// One commit at a time keeps the order of arrival. Two or three at once, which would lose it, committed no more over 32
/// connections on two cores, and up to a sixth more over 64.
///
/// ```
/// enter ── full ──▶ refused                 ┌──────────── next ───────────┐
///   └─▶ add ─▶ waiting ──▶ commit ── stored ┴▶ answered                   │
///                             ├── the database failed ──▶ refused ────────┤
///                             └── one of them is bad ──▶ each by itself ──┘
/// ```
package struct GroupCommit<Delivery> {
    /// What the shell around it has to do, in this order.
    package enum Action {
        /// Commit these in one transaction, then say how it went.
        case commit([Delivery])
        /// Answer these: they are not stored.
        case refuse([Delivery], any Error)
    }

    private let limits: IntakeLimits
    /// Requests that have a place: from their arrival to their answer.
    package private(set) var held = 0
    /// The bytes of their bodies.
    package private(set) var heldBytes = 0
    /// In order of arrival.
    private var waiting: [(delivery: Delivery, bytes: Int)] = []
    /// Of a commit that failed because of one of them; to be committed one by one, before all others.
    private var suspects: [Delivery] = []
    private var underWay: [Delivery] = []

    package init(limits: IntakeLimits) { self.limits = limits }

    /// A request arrives. False when there is no place for it: it must be refused, unread. A request larger than all
    /// places together is taken by an idle gateway.
    package mutating func enter(bytes: Int) -> Bool {
        guard held == 0 || held < limits.requests && heldBytes + bytes <= limits.bytes else { return false }
        held += 1
        heldBytes += bytes
        return true
    }

    /// A request that had a place has its answer.
    package mutating func leave(bytes: Int) {
        held -= 1
        heldBytes -= bytes
    }

    /// A delivery is verified and read, and wants to be stored.
    package mutating func add(_ delivery: Delivery, bytes: Int) -> [Action] {
        waiting.append((delivery, bytes))
        return next()
    }

    /// The deliveries of the last `commit` are stored.
    package mutating func committed() -> [Action] {
        underWay = []
        return next()
    }

    /// The deliveries of the last `commit` are not stored, as far as we know.
    ///
    /// - Parameter mayBeOneDelivery: Whether the error may be the fault of one of them; without it, it holds for all.
    package mutating func failed(_ error: any Error, mayBeOneDelivery: Bool) -> [Action] {
        let batch = underWay
        underWay = []
        if mayBeOneDelivery, batch.count > 1 {
            suspects = batch
            return next()
        }
        return [.refuse(batch, error)] + next()
    }

    private mutating func next() -> [Action] {
        guard underWay.isEmpty else { return [] }
        if suspects.isEmpty {
            var bytes = 0
            let batch = waiting.prefix(limits.batchRequests).prefix { delivery in
                bytes += delivery.bytes
                return bytes <= limits.batchBytes
            }
            // One that is larger than a batch goes alone.
            let count = min(max(batch.count, 1), waiting.count)
            underWay = waiting.prefix(count).map(\.delivery)
            waiting.removeFirst(count)
        } else {
            underWay = [suspects.removeFirst()]
        }
        return underWay.isEmpty ? [] : [.commit(underWay)]
    }
}
