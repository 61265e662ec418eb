public import PostgresClient

/// The schema of the installation, in order. A released migration never changes; its checksum is kept.
public let migrations: [Migration] = [
    Migration(1, "tenancy", PackageResources._001_tenancy_sql),
    Migration(2, "intake", PackageResources._002_intake_sql),
    Migration(3, "queue", PackageResources._003_queue_sql),
    Migration(4, "generation", PackageResources._004_generation_sql),
    Migration(5, "outcomes", PackageResources._005_outcomes_sql),
    Migration(6, "partitions", PackageResources._006_partitions_sql),
]
