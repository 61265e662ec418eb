/// Which statements a session has prepared on the server, and when each is planned anew. No input or output.
///
/// Planning one of the queue's statements takes the server as long as running it for fifty jobs. A statement is prepared
/// when it comes for the second time, because many come once. Plans do not stay: the server keeps one that it made for a
/// small table until it next analyses that table, and reading a table from end to end, which is right for a hundred rows,
/// is not for a hundred thousand.
package struct PreparedStatements {
    /// How to run a statement.
    package enum Way: Equatable {
        /// Without a name, planned for this one time.
        case once
        /// With the plan of that name.
        case planned(String)
        /// Prepare it under that name first, and forget the plan of the other.
        case plan(String, instead: String?)
    }

    /// What a session that prepares statements is told first: to keep their plans, which it would else make anew for each
    /// set of values; not to compile them, which takes longer than they run; and to walk indexes in their order, where there
    /// is one. For the last row of many, a bitmap of them all looks as cheap while few are alive, and under a held snapshot it
    /// has all dead ones. A table of ten pages is cheaper to read whole, and within a plan's ten seconds it has a thousand. A
    /// statement that needs either says so in its transaction.
    package static let settings = """
        SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_bitmapscan = off; SET enable_seqscan = off
        """
    /// A plan is not used for longer.
    package static let longestLife = Duration.seconds(10)
    /// A plan that took so long is made anew, once it is a second old.
    package static let slow = Duration.milliseconds(50)
    /// Statements that a session keeps; the rest are planned each time.
    package static let limit = 200

    private struct Plan {
        let name: String
        let madeAt: ContinuousClock.Instant
        var isSlow = false
    }

    private var plans: [String: Plan?] = [:]
    private var made = 0

    package init() {}

    /// How to run that text now.
    package mutating func way(of text: String, at now: ContinuousClock.Instant) -> Way {
        guard let known = plans[text] else {
            if plans.count < Self.limit { plans[text] = .some(nil) }
            return .once
        }
        if let plan = known {
            let life = plan.isSlow ? .seconds(1) : Self.longestLife
            if now - plan.madeAt < life { return .planned(plan.name) }
        }
        made += 1
        let name = "leadwright_\(made)"
        plans[text] = Plan(name: name, madeAt: now)
        return .plan(name, instead: known?.name)
    }

    /// Notes how long it took.
    package mutating func ran(_ text: String, for duration: Duration) {
        if duration > Self.slow { plans[text]??.isSlow = true }
    }

    /// Notes that it could not be prepared, or that its plan is gone.
    package mutating func failed(_ text: String) {
        plans[text] = .some(nil)
    }
}
