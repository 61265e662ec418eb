public import Foundation

/// How many jobs of a stage are in a state.
public struct QueueDepth: Sendable, Hashable {
    /// The stage.
    public let stage: String
    /// `ready`, `waiting` for its time, `paused`, `behind` another of its lane, `running` or `dead`.
    public let state: String
    /// How many.
    public let count: Int
    /// For how long the oldest of them has been due (dead: has been dead; paused: has been in the queue); zero if it is to
    /// run later.
    public let oldest: Duration
}

/// A depth of one tenant and CRM.
public struct Backlog: Sendable, Hashable {
    /// Whose jobs.
    public let tenantID: Int64
    /// The tenant's name; `nil` when it was deleted.
    public let tenant: String?
    /// Which CRM; `nil` when the connection was deleted.
    public let system: String?
    /// How many.
    public let depth: QueueDepth
}

/// The calls to its CRM that a connection has left.
public struct CallsLeft: Sendable, Hashable {
    /// The connection.
    public let connectionID: Int64
    /// Its name; `nil` when it was deleted.
    public let connection: String?
    /// The limit that leaves the fewest: `burst`, `daily`.
    public let limitedBy: String
    /// How many; below zero when more were reserved than the CRM allows by now.
    public let available: Int
    /// How many it allows in any stretch of `interval`.
    public let calls: Int
    /// How long the limit looks back.
    public let interval: Duration
    /// When the CRM last said how many are left.
    public let observedAt: Date
}

/// What vacuum has yet to remove from a table, as the server counts it.
public struct DeadTuples: Sendable, Hashable {
    /// The table.
    public let table: String
    /// Rows.
    public let live: Int
    /// Versions of rows that nobody needs.
    public let dead: Int
    /// When it was vacuumed last.
    public let vacuumedAt: Date?
}

/// Who keeps vacuum from removing the most.
public struct HeldSnapshot: Sendable, Hashable {
    /// `session`, `prepared transaction` or `replication slot`.
    public let holder: String
    /// Which: a session's application, process and state, or a name.
    public let name: String
    /// How many transactions have begun since.
    public let transactions: Int
    /// For how long; `nil` for a standby, or a slot in use, of which the server does not know.
    public let age: Duration?
}

/// How the queue does, for the person who runs it.
public struct QueueStatus: Sendable, Hashable {
    /// How many jobs there are, by tenant, CRM, stage and state.
    public let backlog: [Backlog]
    /// What operators stopped, oldest first.
    public let pauses: [QueuePause]
    /// The calls left, the fewest first; only of connections whose CRM has said anything.
    public let budgets: [CallsLeft]
    /// The tables that change.
    public let deadTuples: [DeadTuples]
    /// `nil` when nobody holds a snapshot.
    public let oldestSnapshot: HeldSnapshot?
}
