package import PostgresClient

/// The statements about stories; the first comment of each names the indexes it walks.
package enum StoryStatement {
    package static let findLeads = SQL(PackageResources.find_leads_sql)
    package static let findLeadOfGeneration = SQL(PackageResources.find_lead_of_generation_sql)
    package static let findErasures = SQL(PackageResources.find_erasures_sql)
    package static let selectAccounts = SQL(PackageResources.select_accounts_sql)
    package static let selectNames = SQL(PackageResources.select_names_sql)
    package static let playbookNames = SQL(PackageResources.playbook_names_sql)
    package static let lead = SQL(PackageResources.story_lead_sql)
    package static let events = SQL(PackageResources.story_events_sql)
    package static let deliveries = SQL(PackageResources.story_deliveries_sql)
    package static let assignments = SQL(PackageResources.story_assignments_sql)
    package static let suppressions = SQL(PackageResources.story_suppressions_sql)
    package static let generations = SQL(PackageResources.story_generations_sql)
    package static let writeBacks = SQL(PackageResources.story_write_backs_sql)
    package static let outcomes = SQL(PackageResources.story_outcomes_sql)
}
