import CRM
import Configuration
import HubSpot
import Salesforce
import Zapier

/// The reader for a connection's deliveries.
func webhookReader(for connection: StoredConnection) -> any WebhookReader {
    let (settings, credentials) = (connection.settings, connection.credentials)
    return switch settings.system {
    case .hubspot: HubSpotWebhooks(connection: settings, credentials: credentials)
    case .salesforce: SalesforceWebhooks(connection: settings, credentials: credentials)
    case .zapier: ZapierWebhooks(connection: settings, credentials: credentials)
    }
}
