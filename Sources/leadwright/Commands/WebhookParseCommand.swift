import CRM
import Foundation
import HTTPTypes
import HubSpot
import JSON
import Salesforce
import Zapier

extension Command {
    /// `leadwright webhook parse`
    static let webhookParse = Command(
        "webhook parse", "Show the events in the bodies of deliveries.",
        discussion: """
            Reads JSON Lines {"body_base64", "content_type"} and writes {"status", "events": [{"kind", "object_type",
            "object_id", "lead_key", "occurred_at_ms", "dedupe_key", "caused_by_us", …}]} for each: what the gateway
            would store, and the status it would answer. Nothing is checked, sent or stored.
            """,
        options: [
            Option("--source", "SYSTEM", "hubspot, salesforce or zapier.", required: true),
            Option("--connection", "NAME", "The connection's name; its account, for Zapier. Default: the source."),
            Option("--account", "ID", "The portal or organisation. Default: whichever a delivery names."),
            Option(
                "--app-id", "ID",
                "Our app's id or client name, for caused_by_us. Default: HubSpot's appId, Salesforce's Leadwright."),
            Option("--option", "NAME=VALUE", "An option of the connection; may be repeated."),
        ]
    ) { arguments in
        let reader = try webhookReader(arguments)
        try JSONLines.answer(
            refusal: { ["status": 400, "events": [], "error": .string($0)] }
        ) { line in
            let body = try WebhookLines.body(of: line)
            guard body.count <= 1 << 20 else {
                return ["status": 413, "events": [], "error": "the body is larger than 1 MiB"]
            }
            let events = try reader.parse(
                Delivery(
                    method: "POST", uri: "", headers: HTTPHeaders(contentType(of: line)), body: body,
                    receivedAt: Date()))
            return [
                "status": .integer(Int64(reader.acknowledgement(of: events).status)),
                "events": .array(events.map(\.line)),
            ]
        }
    }

    private static func contentType(of line: JSONValue) -> [(name: String, value: String)] {
        line["content_type"]?.string.map { [(name: "Content-Type", value: $0)] } ?? []
    }

    private static func webhookReader(_ arguments: Arguments) throws(CommandError) -> any WebhookReader {
        let system = try WebhookLines.source(arguments, among: CRMSystem.allCases)
        var options: [String: String] = [:]
        for option in arguments.all("--option") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .usage("--option needs NAME=VALUE, not \"\(option)\"") }
            options[String(parts[0])] = String(parts[1])
        }
        let connection = ConnectionSettings(
            name: arguments["--connection"] ?? system.rawValue, system: system, account: arguments["--account"] ?? "",
            publicURL: "", clientID: arguments["--app-id"], options: options)
        return switch system {
        case .hubspot: HubSpotWebhooks(connection: connection, credentials: Credentials([:]))
        case .salesforce: SalesforceWebhooks(connection: connection, credentials: Credentials([:]))
        case .zapier: ZapierWebhooks(connection: connection, credentials: Credentials([:]))
        }
    }
}

extension CRMEvent {
    /// The event as the command shows it.
    fileprivate var line: JSONValue {
        [
            "kind": .string(kind.rawValue), "object_type": .string(objectType), "object_id": .string(objectID),
            "lead_key": lead.map { .string($0.key) } ?? .null, "property": property.map(JSONValue.string) ?? .null,
            "value": value.map(JSONValue.string) ?? .null, "occurred_at_ms": .integer(occurredAt.millisecondsSince1970),
            "dedupe_key": .string(dedupeKey), "caused_by_us": .bool(causedByUs), "attempt": .integer(Int64(attempt)),
            "needs_lookup": .bool(needsLookup), "fields": .object(fields.mapValues(JSONValue.string)),
            "details": .object(details.mapValues(JSONValue.string)),
        ]
    }
}
