import Foundation
import JSON
import Sandbox

/// A stand-in CRM of the chaos tests: what is declared for it, and how its own list of writes is read.
struct StandIn: Sendable {
    /// `hubspot` or `salesforce`.
    let system: String
    /// The stages through which leads move, by its own names, in the order of ``Declarations/stages``.
    let stages: [String]
    /// Where the two playbooks write, by its own names.
    let targets: (welcome: String, nextStep: String)
    /// What the connection declares besides what all do.
    let connection: [String: JSONValue]
    /// What its leads do, by the sandbox's names, with the kinds of the events that tell it.
    let reactions: [String: String]
    /// The secrets that it names.
    let environment: [String: String]
    /// Its settings, with the address to which it sends.
    let settings: @Sendable (_ webhook: String) -> JSONValue
    /// One element of its list of writes, with the target by its own name.
    let write: @Sendable (_ json: JSONValue) -> (target: String, write: Evidence.Write)?
    /// The id of the text that stands in a lead's content for a target; `nil` if that does not tell, because each text has
    /// a record of its own.
    let standing: (@Sendable (_ content: JSONValue, _ target: String) -> String?)?

    /// The playbook's target, by the name that it has in the evidence.
    func role(of target: String) -> String {
        switch target {
        case targets.welcome: Declarations.welcome
        case targets.nextStep: Declarations.nextStep
        default: target
        }
    }

    /// Small deliveries that are repeated soon and for long: a CRM that never gives up during a test.
    private static let patientDelivery: JSONValue = [
        "batch": 5, "timeout_seconds": 5,
        "retry_seconds": .array(([0.1, 0.2, 0.5] + Array(repeating: 1.0, count: 300)).map(JSONValue.number)),
    ]

    /// Texts in properties of the contact itself, where the next one takes the place of the last.
    static let hubSpot = StandIn(
        system: "hubspot", stages: Declarations.stages, targets: ("leadwright_welcome", "leadwright_next_step"),
        connection: [
            "account": "8112233", "client_id": "445566",
            "credentials": ["client_secret": ["env": "HS_SECRET"], "access_token": ["env": "HS_TOKEN"]],
        ],
        // Who won a deal is found by looking it up: one event turns out to be another.
        reactions: ["opened": "email.opened", "won": "deal.won"],
        environment: ["HS_SECRET": HubSpotSettings().clientSecret, "HS_TOKEN": HubSpotSettings().accessToken],
        settings: { webhook in
            // A limit on calls is met only where a test asks for one: so many workers make many small calls.
            ["target_url": .string(webhook), "delivery": patientDelivery, "burst_limit": 100_000]
        },
        write: { json in
            let properties = json["properties"]?.object?.compactMapValues(\.string) ?? [:]
            for target in ["leadwright_welcome", "leadwright_next_step"] {
                guard let text = properties["\(target)_id"] else { continue }
                let parts = ["subject", "body"].compactMap { part in
                    properties["\(target)_\(part)"].map { (part, $0) }
                }
                return (
                    target,
                    Evidence.Write(
                        text: text, lead: json["id"]?.string ?? "", parts: Dictionary(uniqueKeysWithValues: parts))
                )
            }
            return nil
        },
        standing: { content, target in content["\(target)_id"]?.string })

    /// A record for each text, in an object for each playbook. Creations come by outbound messages, changes of stage by a
    /// flow's callouts.
    static let salesforce = StandIn(
        system: "salesforce",
        stages: ["Open - Not Contacted", "Working - Contacted", "Qualified", "Proposal", "Customer", "Keeper"],
        targets: ("Leadwright_Welcome__c", "Leadwright_Next_Step__c"),
        connection: [
            "account": .string(SalesforceSettings().organizationID),
            // A message shows the record as it is when it goes out, and by then the lead may have moved on.
            "options": ["outbound_message": "lead.created"],
            "credentials": [
                "consumer_key": ["env": "SF_KEY"], "consumer_secret": ["env": "SF_SECRET"],
                "webhook_secret": ["env": "SF_WEBHOOK"],
            ],
        ],
        reactions: ["opened": "email.opened", "meeting": "meeting.booked"],
        environment: [
            "SF_KEY": SalesforceSettings().consumerKey, "SF_SECRET": SalesforceSettings().consumerSecret,
            "SF_WEBHOOK": "chaos",
        ],
        settings: { webhook in
            // What Connectors/salesforce installs, once for each playbook.
            let content = (try? JSONEncoder().encode(SalesforceCustomObject.leadwrightContent))
                .flatMap { try? JSONValue(parsing: $0).object }
            let objects = [("Leadwright_Welcome__c", "a0Y"), ("Leadwright_Next_Step__c", "a0Z")].map { name, prefix in
                JSONValue.object(
                    (content ?? [:]).merging(["name": .string(name), "prefix": .string(prefix)]) { $1 })
            }
            return [
                // Salesforce signs nothing: the secret is part of the address.
                "target_url": .string("\(webhook)/chaos"), "delivery": patientDelivery, "objects": .array(objects),
            ]
        },
        write: { json in
            guard let target = json["object"]?.string, let text = json["fields"]?["Leadwright_Key__c"]?.string else {
                return nil
            }
            let parts = ["subject": "Subject__c", "body": "Body__c"].compactMapValues { json["fields"]?[$0]?.string }
            return (
                target,
                Evidence.Write(text: text, lead: json["fields"]?["Lead__c"]?.string ?? "", parts: parts)
            )
        },
        standing: nil)
}
