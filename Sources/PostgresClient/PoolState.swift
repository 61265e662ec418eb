/// What one may do whose turn it is.
package enum PoolTurn<Connection> {
    /// Use this connection.
    case use(Connection)
    /// Open one, then either give it back later or report it lost.
    case open
}

extension PoolTurn: Sendable where Connection: Sendable {}

/// Who has which connection and who waits: the pool's decisions, apart from its input and output.
///
/// First come, first served: while someone waits, a connection that comes back goes to the first in the queue, and a
/// newcomer goes behind the last.
package struct PoolState<Connection, Waiter> {
    /// The answer to a request.
    package enum Answer {
        case go(PoolTurn<Connection>)
        case wait
        case closed
    }

    /// What to do with a connection or a place that became free.
    package enum Release {
        /// Nothing.
        case keep
        /// Close this connection.
        case close(Connection)
        /// Tell this waiter that it is its turn.
        case wake(Waiter, PoolTurn<Connection>)
    }

    private let size: Int
    /// The last one back is the first one out: its pages are warm, and the others can be seen to be idle.
    private var idle: [Connection] = []
    private var waiting: [(id: UInt64, waiter: Waiter)] = []
    /// Open, being opened, or on the way to a waiter.
    private var taken = 0
    private var isClosed = false

    package init(size: Int) {
        precondition(size > 0, "a pool needs room for one connection")
        self.size = size
    }

    /// Asks for a connection; on `.wait`, call ``enqueue(_:id:)`` under the same lock.
    package mutating func request() -> Answer {
        guard !isClosed else { return .closed }
        if waiting.isEmpty, let connection = idle.popLast() {
            taken += 1
            return .go(.use(connection))
        }
        guard taken + idle.count < size else { return .wait }
        taken += 1
        return .go(.open)
    }

    /// Queues a waiter.
    package mutating func enqueue(_ waiter: Waiter, id: UInt64) {
        waiting.append((id, waiter))
    }

    /// Takes a waiter out of the queue; `nil` when its turn has come already.
    package mutating func withdraw(id: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// Takes back a connection that may be used again.
    package mutating func giveBack(_ connection: Connection) -> Release {
        if isClosed {
            taken -= 1
            return .close(connection)
        }
        guard !waiting.isEmpty else {
            taken -= 1
            idle.append(connection)
            return .keep
        }
        return .wake(waiting.removeFirst().waiter, .use(connection))
    }

    /// Takes note that a connection is gone or could not be opened.
    package mutating func lose() -> Release {
        guard !isClosed, !waiting.isEmpty else {
            taken -= 1
            return .keep
        }
        return .wake(waiting.removeFirst().waiter, .open)
    }

    /// Closes the pool: the idle connections are to be closed, the waiters to be refused.
    package mutating func close() -> (idle: [Connection], waiters: [Waiter]) {
        isClosed = true
        defer { (idle, waiting) = ([], []) }
        return (idle, waiting.map(\.waiter))
    }
}
