package import PostgresClient

/// The queue's statements, one file for each verb in SQL/. The first comment of each names the indexes it walks, and a
/// test holds the server's plan against it.
package enum Statement {
    package static let enqueue = SQL(PackageResources.enqueue_sql)
    package static let claim = SQL(PackageResources.claim_sql)
    package static let admit = SQL(PackageResources.admit_sql)
    package static let rescue = SQL(PackageResources.rescue_sql)
    package static let finish = SQL(PackageResources.finish_sql)
    package static let bury = SQL(PackageResources.bury_sql)
    package static let advance = SQL(PackageResources.advance_sql)
    package static let reschedule = SQL(PackageResources.reschedule_sql)
    package static let extend = SQL(PackageResources.extend_sql)
    package static let observe = SQL(PackageResources.observe_sql)
    package static let depths = SQL(PackageResources.depths_sql)
}
