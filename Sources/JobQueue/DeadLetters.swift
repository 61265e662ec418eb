public import Foundation

/// Dead letters of one stage that died for the same reason, numbers and ids apart.
public struct DeadLetters: Sendable, Hashable {
    /// What was to be done.
    public let stage: String
    /// The reason, with an ellipsis for each number and id.
    public let reason: String
    /// How many.
    public let count: Int
    /// When the first of them died.
    public let first: Date
    /// When the last of them died.
    public let last: Date
    /// The id of the newest.
    public let example: Int64
}

/// Which dead letters; those that fit all that is named.
public struct DeadLetterFilter: Sendable, Hashable {
    /// A tenant's name.
    public var tenant: String?
    /// A stage.
    public var stage: String?
    /// A part of a reason, as it is or as ``DeadLetters/reason`` shows it.
    public var reason: String?
    /// One job.
    public var job: Int64?

    /// Creates a filter; all dead letters unless something is named.
    public init(tenant: String? = nil, stage: String? = nil, reason: String? = nil, job: Int64? = nil) {
        self.tenant = tenant
        self.stage = stage
        self.reason = reason
        self.job = job
    }
}

/// What bringing dead letters back came to.
public struct Redrive: Sendable, Hashable {
    /// The new ids of those that were brought back, by their old ones.
    public var jobs: [Int64: Int64] = [:]
    /// Those that nobody wants any more, because their time has passed; they stay dead.
    public var stale: [Int64] = []
}
