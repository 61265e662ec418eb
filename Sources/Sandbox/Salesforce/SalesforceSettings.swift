/// What can be configured about a Salesforce org.
package struct SalesforceSettings: SandboxSettings, Hashable {
    /// The org's id, 18 characters.
    package var organizationID = "00D7Q000000PubLUAS"
    /// The app's consumer key …
    package var consumerKey = "sandbox-salesforce-consumer-key"
    /// … and secret, for the client credentials flow.
    package var consumerSecret = "sandbox-salesforce-consumer-secret"
    /// The certificate's public key in PEM, for the JWT flow; empty refuses every assertion.
    package var publicKey = ""
    /// The user that an integration may act for.
    package var username = "integration@leadwright.example"
    /// The audiences that an assertion may name.
    package var audiences = ["https://login.salesforce.com", "https://test.salesforce.com"]
    /// How long a session lives.
    package var sessionSeconds = 7200.0
    /// Calls in a day.
    package var dailyLimit = 100_000
    /// Rows in one page of a query's result.
    package var queryPage = 2000
    /// Where messages go; nothing is sent while it is empty.
    package var targetURL = ""
    /// Header fields of the messages, as a Named Credential adds them: `Name: value`.
    package var headers: [String] = []
    /// By which way each kind of news leaves the org.
    package var channels = SalesforceChannels()
    /// Objects of which every change is sent as a change event, whoever made it.
    package var changeEvents: [String] = []
    /// The fields in outbound messages about leads …
    package var outboundLeadFields = [
        "Company", "Country", "CreatedDate", "Email", "FirstName", "Industry", "LastModifiedDate", "LastName", "Status",
        "Title",
    ]
    /// … and about opportunities.
    package var outboundOpportunityFields = ["Amount", "IsClosed", "IsWon", "Name", "StageName"]
    /// Objects beside the standard ones.
    package var objects: [SalesforceCustomObject] = [.leadwrightContent]
    /// How messages are sent. The real schedule takes 24 hours, with gaps of up to 2.
    package var delivery = DeliveryPolicy(
        concurrency: 5,
        retrySeconds: [30, 120, 600, 1800, 3600] + Array(repeating: 7200, count: 11), timeoutSeconds: 60)
    /// Draws ids and disturbances.
    package var seed: UInt64 = 2

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case username, audiences, headers, channels, objects, delivery, seed
        case organizationID = "organization_id"
        case consumerKey = "consumer_key"
        case consumerSecret = "consumer_secret"
        case publicKey = "public_key"
        case sessionSeconds = "session_seconds"
        case dailyLimit = "daily_limit"
        case queryPage = "query_page"
        case targetURL = "target_url"
        case changeEvents = "change_events"
        case outboundLeadFields = "outbound_lead_fields"
        case outboundOpportunityFields = "outbound_opportunity_fields"
    }
}

/// The ways by which an administrator can have news sent.
package struct SalesforceChannels: Codable, Sendable, Hashable {
    package enum Channel: String, Codable, Sendable, Hashable {
        /// An outbound message: SOAP, acknowledged.
        case outbound
        /// A flow's HTTP callout: JSON.
        case flow
        /// A change event, posted by a bridge.
        case changeEvent = "change_event"
    }

    package var leadCreated: [Channel] = [.outbound]
    package var stageChanged: [Channel] = [.flow]
    /// Opened, clicked, replied, meeting booked.
    package var engagement: [Channel] = [.flow]
    package var dealWon: [Channel] = [.outbound]
    package var optedOut: [Channel] = [.changeEvent]

    private enum CodingKeys: String, CodingKey {
        case engagement
        case leadCreated = "lead_created"
        case stageChanged = "stage_changed"
        case dealWon = "deal_won"
        case optedOut = "opted_out"
    }
}

/// An object that is not a standard one.
package struct SalesforceCustomObject: Codable, Sendable, Hashable {
    package struct Field: Codable, Sendable, Hashable {
        package var name: String
        /// `string`, `textarea`, `datetime`, `reference`, …: the type that a describe shows.
        package var type: String
        package var length: Int?
        package var referenceTo: String?
        package var externalID: Bool?
        /// Whether two records may not share a value; external ids are unique unless this says no.
        package var unique: Bool?

        private enum CodingKeys: String, CodingKey {
            case name, type, length, unique
            case referenceTo = "reference_to"
            case externalID = "external_id"
        }
    }

    package var name: String
    package var prefix: String
    package var fields: [Field]

    /// What the Salesforce project in `Connectors/` installs.
    package static let leadwrightContent = SalesforceCustomObject(
        name: "Leadwright_Content__c", prefix: "a0X",
        fields: [
            Field(name: "Leadwright_Key__c", type: "string", length: 120, externalID: true),
            Field(name: "Lead__c", type: "reference", referenceTo: "Lead"),
            Field(name: "Contact__c", type: "reference", referenceTo: "Contact"),
            Field(name: "Kind__c", type: "string", length: 80), Field(name: "Stage__c", type: "string", length: 80),
            Field(name: "Subject__c", type: "string", length: 255),
            Field(name: "Body__c", type: "textarea", length: 131_072),
            Field(name: "Content__c", type: "textarea", length: 131_072),
            Field(name: "Generated_At__c", type: "datetime"),
        ])

    /// The object with the fields that every custom object has.
    var object: SalesforceObject {
        let described = fields.map { field -> SalesforceField in
            let kind = SalesforceField.Kind(rawValue: field.type) ?? .string
            let base =
                field.referenceTo.map { SalesforceField.reference(field.name, to: $0) }
                ?? SalesforceField(field.name, kind, length: field.length ?? 255)
            return base.with {
                $0.isExternalID = field.externalID ?? false
                $0.isUnique = field.unique ?? $0.isExternalID
            }
        }
        let name = SalesforceField("Name", length: 80).with { $0.isReadOnly = true }
        return SalesforceObject(self.name, prefix: prefix, [name] + described)
    }
}
