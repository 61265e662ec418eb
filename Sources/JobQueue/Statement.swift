package import PostgresClient

/// The queue's statements, one file for each verb in SQL/. The first comment of each names the indexes it walks, and a
/// test holds the server's plan against it.
package enum Statement {
    package static let enqueue = SQL(PackageResources.enqueue_sql)
    package static let serialize = SQL(PackageResources.serialize_sql)
    package static let claim = SQL(PackageResources.claim_sql)
    package static let park = SQL(PackageResources.park_sql)
    package static let forget = SQL(PackageResources.forget_sql)
    package static let admit = SQL(PackageResources.admit_sql)
    package static let rescue = SQL(PackageResources.rescue_sql)
    package static let finish = SQL(PackageResources.finish_sql)
    package static let bury = SQL(PackageResources.bury_sql)
    package static let advance = SQL(PackageResources.advance_sql)
    package static let reschedule = SQL(PackageResources.reschedule_sql)
    package static let extend = SQL(PackageResources.extend_sql)
    package static let observe = SQL(PackageResources.observe_sql)
    package static let depths = SQL(PackageResources.depths_sql)
    package static let backlog = SQL(PackageResources.backlog_sql)
    package static let budgets = SQL(PackageResources.budgets_sql)
    package static let deadTuples = SQL(PackageResources.dead_tuples_sql)
    package static let oldestSnapshot = SQL(PackageResources.oldest_snapshot_sql)
    package static let pauses = SQL(PackageResources.pauses_sql)
    package static let findTenant = SQL(PackageResources.find_tenant_sql)
    package static let pause = SQL(PackageResources.pause_sql)
    package static let resume = SQL(PackageResources.resume_sql)
    package static let unpark = SQL(PackageResources.unpark_sql)
    package static let deadLetters = SQL(PackageResources.dead_letters_sql)
    package static let exhume = SQL(PackageResources.exhume_sql)
    package static let trace = SQL(PackageResources.trace_sql)
}
