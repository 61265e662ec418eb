package import Foundation
import JSON

/// What people do in the org, on an administrator's word.
extension SalesforceOrg {
    private static let leadFields: [NewLead.CodingKeys: String] = [
        .firstName: "FirstName", .lastName: "LastName", .email: "Email", .company: "Company", .jobTitle: "Title",
        .industry: "Industry", .country: "Country", .language: "Language__c", .stage: "Status",
    ]

    /// What can be told about a lead.
    private enum News {
        case created
        case stage(from: String)
        case optedOut
        case engagement(String)
    }

    package mutating func create(_ lead: NewLead, now: Date) throws(Refusal) -> String {
        var values = lead.values(named: Self.leadFields).mapValues(JSONValue.string)
        // Both are required in every org.
        values["LastName"] = values["LastName"] ?? "Unknown"
        values["Company"] = values["Company"] ?? "[not provided]"
        if let consent = lead.consent { values["HasOptedOutOfEmail"] = .bool(!consent) }
        for (name, value) in lead.fields ?? [:] {
            values[name] = value
            if objects["lead"]?.field(name) == nil { objects["lead"] = objects["lead"]?.adding(SalesforceField(name)) }
        }
        do {
            let object = try object("Lead")
            var transaction = transaction(now: now)
            let record = try insert(values, as: object, &transaction)
            try tell(.created, record, object, &transaction)
            return record.id
        } catch {
            throw error.refusal
        }
    }

    package mutating func changeStage(of id: String, to stage: String, now: Date) throws(Refusal) {
        do {
            let object = try object("Lead")
            let record = try record(id, in: object)
            var transaction = transaction(now: now)
            let changed = try update(record, of: object, to: ["Status": .string(stage)], &transaction)
            try tell(.stage(from: record.text("Status")), changed, object, &transaction)
        } catch {
            throw error.refusal
        }
    }

    package mutating func optOut(_ id: String, now: Date) throws(Refusal) {
        do {
            let object = try object("Lead")
            var transaction = transaction(now: now)
            let changed = try update(
                try record(id, in: object), of: object, to: ["HasOptedOutOfEmail": true], &transaction)
            try tell(.optedOut, changed, object, &transaction)
        } catch {
            throw error.refusal
        }
    }

    package mutating func apply(_ reaction: Reaction, to id: String, now: Date) throws(Refusal) {
        do {
            let object = try object("Lead")
            for (happened, event) in [
                (reaction.opened, "email.opened"), (reaction.clicked, "email.clicked"),
                (reaction.replied, "email.replied"), (reaction.meeting, "meeting.booked"),
            ] where happened {
                var transaction = transaction(now: now)
                try tell(.engagement(event), record(id, in: object), object, &transaction)
            }
            if reaction.won { try win(id, now: now) }
        } catch {
            throw error.refusal
        }
        if reaction.optedOut { try optOut(id, now: now) }
    }

    package var contents: [LeadContent] {
        guard let leads = tables["Lead"] else { return [] }
        var written: [String: [String: JSONValue]] = [:]
        for custom in settings.objects {
            guard let table = tables[custom.name] else { continue }
            let links = custom.fields.filter { $0.referenceTo == "Lead" }.map(\.name)
            for record in table.ids.compactMap({ table.records[$0] }) where !record.isDeleted {
                guard let lead = links.compactMap({ record.fields[$0]?.string }).first else { continue }
                let values = record.fields.filter { $0.key.hasSuffix("__c") && !links.contains($0.key) }
                written[lead, default: [:]].merge(values) { _, last in last }
            }
        }
        return leads.ids.compactMap { leads.records[$0] }.filter { !$0.isDeleted }.map { record in
            LeadContent(
                id: record.id, email: record.text("Email"), stage: record.text("Status"),
                content: written[record.id] ?? [:])
        }
    }

    /// Sends news by the ways that the settings name.
    private mutating func tell(
        _ news: News, _ record: SalesforceRecord, _ object: SalesforceObject,
        _ transaction: inout SalesforceTransaction
    ) throws(SalesforceProblem) {
        let ways =
            switch news {
            case .created: settings.channels.leadCreated
            case .stage: settings.channels.stageChanged
            case .optedOut: settings.channels.optedOut
            case .engagement: settings.channels.engagement
            }
        for way in ways {
            switch way {
            case .outbound: notify(object, record)
            case .flow: send(.flow(callout(news, record)))
            case .changeEvent: try sendChange(news, record, object, &transaction)
            }
        }
    }

    private mutating func sendChange(
        _ news: News, _ record: SalesforceRecord, _ object: SalesforceObject,
        _ transaction: inout SalesforceTransaction
    ) throws(SalesforceProblem) {
        if case .engagement(let event) = news { return try engage(event, record, &transaction) }
        // An object that is captured anyway has been published with the change itself.
        guard !settings.changeEvents.contains(object.name) else { return }
        let (change, fields): (String, [String]) =
            switch news {
            case .stage: ("UPDATE", ["Status"])
            case .optedOut: ("UPDATE", ["HasOptedOutOfEmail"])
            case .created, .engagement: ("CREATE", [])
            }
        sendChange(change, of: [record], in: object, changed: fields, &transaction)
    }

    /// The body of a flow's callout: not Salesforce's, but what Leadwright asks an administrator to send.
    private mutating func callout(_ news: News, _ record: SalesforceRecord) -> JSONValue {
        var shown: [String: JSONValue] = [
            "Id": .string(record.id), "Email": .string(record.text("Email")),
            "Status": .string(record.text("Status")), "LastModifiedDate": .string(record.text("LastModifiedDate")),
        ]
        let event: String
        switch news {
        case .created: event = "lead.created"
        case .stage(let from):
            event = "lead.stage_changed"
            shown["PriorStatus"] = .string(from)
        case .optedOut: event = "contact.unsubscribed"
        case .engagement(let name): event = name
        }
        return [
            "source": "salesforce-flow", "event": .string(event),
            "organizationId": .string(settings.organizationID), "interviewGuid": .string(random.uuid()),
            "record": .object(shown),
        ]
    }

    /// An engagement as records: a tracked mail, its reply, a meeting. Salesforce keeps no clicks.
    private mutating func engage(_ event: String, _ lead: SalesforceRecord, _ transaction: inout SalesforceTransaction)
        throws(SalesforceProblem)
    {
        let now = JSONValue.string(Timestamp.iso8601(transaction.now))
        switch event {
        case "email.opened":
            let mail = try capture(
                "EmailMessage", ["IsTracked": true, "FirstOpenedDate": now, "LastOpenedDate": now],
                changed: ["FirstOpenedDate", "LastOpenedDate"], &transaction)
            try relate(mail, to: lead, as: "ToAddress", &transaction)
        case "email.replied":
            let sent = try insertSystem("EmailMessage", [:], &transaction)
            let reply = try capture(
                "EmailMessage", ["Incoming": true, "ReplyToEmailMessageId": .string(sent.id)], &transaction)
            try relate(sent, to: lead, as: "ToAddress", &transaction)
            try relate(reply, to: lead, as: "FromAddress", &transaction)
        case "meeting.booked":
            try capture(
                "Event", ["WhoId": .string(lead.id), "StartDateTime": now, "EventSubtype": "Event"], &transaction)
        default: break
        }
    }

    /// A mail belongs to a lead through a relation; its `RelatedToId` takes no leads.
    private mutating func relate(
        _ mail: SalesforceRecord, to lead: SalesforceRecord, as type: String,
        _ transaction: inout SalesforceTransaction
    ) throws(SalesforceProblem) {
        let values: [String: JSONValue] = [
            "EmailMessageId": .string(mail.id), "RelationId": .string(lead.id), "RelationType": .string(type),
            "RelationAddress": .string(lead.text("Email")), "RelationObjectType": "Lead",
        ]
        _ = try insertSystem("EmailMessageRelation", values, &transaction)
    }

    /// Creates a record and sends its creation, or the change of some of its fields, unless the object is captured
    /// anyway.
    @discardableResult
    private mutating func capture(
        _ name: String, _ values: [String: JSONValue], changed: [String] = [],
        _ transaction: inout SalesforceTransaction
    ) throws(SalesforceProblem) -> SalesforceRecord {
        let record = try insertSystem(name, values, &transaction)
        guard !settings.changeEvents.contains(name) else { return record }
        sendChange(
            changed.isEmpty ? "CREATE" : "UPDATE", of: [record], in: try object(name), changed: changed, &transaction)
        return record
    }

    private mutating func insertSystem(
        _ name: String, _ values: [String: JSONValue], _ transaction: inout SalesforceTransaction
    ) throws(SalesforceProblem) -> SalesforceRecord {
        try insert(values, as: try object(name), &transaction, asSystem: true)
    }

    /// The lead is converted, which makes an account, a contact and an opportunity in one commit; then the
    /// opportunity is won.
    private mutating func win(_ id: String, now: Date) throws(SalesforceProblem) {
        let leadObject = try object("Lead")
        let lead = try record(id, in: leadObject)
        let opportunityObject = try object("Opportunity")
        var conversion = transaction(now: now)
        let account = try insertSystem("Account", ["Name": .string(lead.text("Company"))], &conversion)
        let contact = try insertSystem(
            "Contact",
            [
                "FirstName": lead.fields["FirstName"] ?? .null, "LastName": .string(lead.text("LastName")),
                "Email": lead.fields["Email"] ?? .null, "AccountId": .string(account.id),
            ], &conversion)
        let opportunity = try insertSystem(
            "Opportunity",
            [
                "Name": .string("\(lead.text("Company")) rollout"), "StageName": "Qualification",
                "CloseDate": .string(String(Timestamp.iso8601(now).prefix(10))), "Amount": 9800,
                "AccountId": .string(account.id), "ContactId": .string(contact.id),
            ], &conversion)
        _ = try insertSystem(
            "OpportunityContactRole",
            ["OpportunityId": .string(opportunity.id), "ContactId": .string(contact.id), "IsPrimary": true],
            &conversion)
        try update(
            lead, of: leadObject,
            to: [
                "IsConverted": true, "ConvertedDate": .string(String(Timestamp.iso8601(now).prefix(10))),
                "ConvertedAccountId": .string(account.id), "ConvertedContactId": .string(contact.id),
                "ConvertedOpportunityId": .string(opportunity.id), "Status": "Closed - Converted",
            ], &conversion, asSystem: true)
        var closing = transaction(now: now)
        let won = try update(opportunity, of: opportunityObject, to: ["StageName": "Closed Won"], &closing)
        for way in settings.channels.dealWon {
            switch way {
            case .outbound: notify(opportunityObject, won)
            case .changeEvent where !settings.changeEvents.contains("Opportunity"):
                sendChange(
                    "UPDATE", of: [won], in: opportunityObject, changed: ["StageName", "IsClosed", "IsWon"], &closing)
            case .changeEvent, .flow: break
            }
        }
    }
}
