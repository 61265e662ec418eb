import Foundation
import PostgresClient

extension JobQueue {
    /// How many parked jobs one transaction lets go, so that none holds their lanes for long.
    private static let unparkedTogether = 5000

    /// What operators stopped, oldest first.
    public func pauses() async throws(JobQueueError) -> [QueuePause] {
        try await run(Statement.pauses, []) { row throws(PostgresError) in
            let (tenant, system, stage, since) = try row.decode(
                String?.self, String?.self, String?.self, Date.self)
            return QueuePause(scope: QueueScope(tenant: tenant, system: system, stage: stage), since: since)
        }
    }

    /// Stops a part of the queue: claims that begin from now on leave its jobs alone. What is running goes on.
    ///
    /// - Returns: Whether it was not paused before.
    /// - Throws: ``JobQueueError/Code/notFound`` when there is no such tenant.
    @discardableResult
    public func pause(_ scope: QueueScope) async throws(JobQueueError) -> Bool {
        let tenant = try await tenantID(scope.tenant)
        return try await execute(Statement.pause, [tenant, scope.system, scope.stage, now?()]) > 0
    }

    /// Ends a pause of exactly this part; what another pause covers stays stopped.
    ///
    /// Jobs that were parked are let go in transactions of their own after the pause is gone: claims wait for the one
    /// that ends it, and the jobs may be many. Interrupted in between, resuming again goes on.
    ///
    /// - Returns: How many parked jobs go on.
    /// - Throws: ``JobQueueError/Code/notFound`` when there is no such pause, and nothing was left parked without one.
    @discardableResult
    public func resume(_ scope: QueueScope) async throws(JobQueueError) -> Int {
        let tenant = try await tenantID(scope.tenant)
        let ended = try await execute(Statement.resume, [tenant, scope.system, scope.stage])
        var total = 0
        while true {
            let (found, freed) = try await unpark()
            total += freed
            if found < Self.unparkedTogether { break }
        }
        guard ended + total > 0 else { throw JobQueueError(notFound: "\(scope) is not paused") }
        await wake()
        return total
    }

    private func unpark() async throws(JobQueueError) -> (found: Int, freed: Int) {
        try await run(Statement.unpark, [Self.unparkedTogether, now?()]) { row throws(PostgresError) in
            try row.decode(Int.self, Int.self)
        }.first ?? (0, 0)
    }

    /// The id of a tenant, if one is named.
    func tenantID(_ name: String?) async throws(JobQueueError) -> Int64? {
        guard let name else { return nil }
        let id = try await run(Statement.findTenant, [name]) { row throws(PostgresError) in try row.decode(Int64.self) }
        guard let id = id.first else { throw JobQueueError(notFound: "no tenant is called \(name)") }
        return id
    }
}
