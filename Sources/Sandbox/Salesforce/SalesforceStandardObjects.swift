import JSON

/// The objects of an org: the standard ones as far as the contract names them, and Leadwright's own.
extension SalesforceObject {
    static let leadStages = [
        "Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted",
    ]

    /// Label, probability in percent.
    static let opportunityStages: [(name: String, probability: Double)] = [
        ("Prospecting", 10), ("Qualification", 10), ("Needs Analysis", 20), ("Value Proposition", 50),
        ("Id. Decision Makers", 60), ("Perception Analysis", 70), ("Proposal/Price Quote", 75),
        ("Negotiation/Review", 90), ("Closed Won", 100), ("Closed Lost", 0),
    ]

    private static func flag(_ name: String) -> SalesforceField {
        SalesforceField(name, .boolean).with { $0.defaultValue = false }
    }

    private static func readOnly(_ field: SalesforceField) -> SalesforceField { field.with { $0.isReadOnly = true } }

    private static let person: [SalesforceField] = [
        readOnly(SalesforceField("Name", length: 121)), SalesforceField("FirstName", length: 40),
        SalesforceField("LastName", length: 80).required, SalesforceField("Email", .email, length: 80),
        SalesforceField("Phone", .phone, length: 40), SalesforceField("Title", length: 128),
        SalesforceField("LeadSource", .picklist), SalesforceField("Description", .textarea, length: 32_000),
        flag("HasOptedOutOfEmail"), SalesforceField("EmailBouncedDate", .datetime),
        SalesforceField("EmailBouncedReason"), .reference("IndividualId", to: "Individual"),
        .reference("MasterRecordId", to: "Lead"),
    ]

    static let standard: [SalesforceObject] = [
        SalesforceObject(
            "Lead", prefix: "00Q",
            person + [
                SalesforceField("Company").required, .picklist("Status", leadStages),
                SalesforceField("Rating", .picklist),
                SalesforceField("Industry", .picklist), SalesforceField("Street", .textarea),
                SalesforceField("City", length: 40), SalesforceField("Country", length: 80),
                SalesforceField("Website", .url), SalesforceField("Language__c", length: 40),
                readOnly(flag("IsConverted")), readOnly(SalesforceField("ConvertedDate", .date)),
                readOnly(.reference("ConvertedAccountId", to: "Account")),
                readOnly(.reference("ConvertedContactId", to: "Contact")),
                readOnly(.reference("ConvertedOpportunityId", to: "Opportunity")),
            ]),
        SalesforceObject(
            "Contact", prefix: "003",
            person + [
                .reference("AccountId", to: "Account"), readOnly(flag("IsEmailBounced")),
                SalesforceField("MailingCity", length: 40), SalesforceField("MailingCountry", length: 80),
                SalesforceField("Language__c", length: 40),
            ]),
        SalesforceObject(
            "Account", prefix: "001",
            [
                SalesforceField("Name").required, SalesforceField("Industry", .picklist),
                SalesforceField("BillingCountry", length: 80), SalesforceField("Website", .url),
            ]),
        SalesforceObject(
            "Opportunity", prefix: "006",
            [
                SalesforceField("Name", length: 120).required,
                .picklist("StageName", opportunityStages.map(\.name)).required.with { $0.defaultValue = nil },
                SalesforceField("CloseDate", .date).required, SalesforceField("Amount", .currency),
                SalesforceField("Probability", .double), readOnly(flag("IsClosed")), readOnly(flag("IsWon")),
                SalesforceField("ForecastCategory", .picklist), .reference("AccountId", to: "Account"),
                .reference("CampaignId", to: "Campaign"), .reference("ContactId", to: "Contact"),
            ]),
        SalesforceObject(
            "OpportunityContactRole", prefix: "00K",
            [
                SalesforceField.reference("OpportunityId", to: "Opportunity").required,
                SalesforceField.reference("ContactId", to: "Contact").required, SalesforceField("Role", .picklist),
                flag("IsPrimary"),
            ]),
        SalesforceObject(
            "EmailMessage", prefix: "02s",
            [
                flag("Incoming"), flag("IsTracked"), flag("IsBounced"), SalesforceField("Subject", length: 3000),
                SalesforceField("TextBody", .textarea, length: 32_000), SalesforceField("FromAddress", .email),
                SalesforceField("ToAddress", length: 4000), SalesforceField("FirstOpenedDate", .datetime),
                SalesforceField("LastOpenedDate", .datetime), SalesforceField("ThreadIdentifier"),
                .reference("ReplyToEmailMessageId", to: "EmailMessage"),
                .reference("RelatedToId", to: "Opportunity", "Account"),
                .reference("ActivityId", to: "Task"),
            ]),
        SalesforceObject(
            "EmailMessageRelation", prefix: "0dX",
            [
                SalesforceField.reference("EmailMessageId", to: "EmailMessage").required,
                .reference("RelationId", to: "Lead", "Contact", "User"), SalesforceField("RelationType", .picklist),
                SalesforceField("RelationAddress"), SalesforceField("RelationObjectType"),
            ]),
        SalesforceObject("Task", prefix: "00T", activity),
        SalesforceObject(
            "Event", prefix: "00U",
            activity + [
                SalesforceField("StartDateTime", .datetime), SalesforceField("EndDateTime", .datetime),
                SalesforceField("EventSubtype", .picklist),
            ]),
        SalesforceObject(
            "Individual", prefix: "0PK",
            [SalesforceField("FirstName", length: 40), SalesforceField("LastName", length: 80).required]
                + [
                    "HasOptedOutProcessing", "HasOptedOutSolicit", "HasOptedOutProfiling", "HasOptedOutTracking",
                    "ShouldForget",
                ].map(flag)),
        SalesforceObject(
            "User", prefix: "005",
            [
                SalesforceField("Username", length: 80), SalesforceField("Name"), SalesforceField("Email", .email),
            ]),
        SalesforceObject(
            "Organization", prefix: "00D",
            [SalesforceField("Name", length: 80), flag("IsSandbox"), SalesforceField("InstanceName", length: 5)]),
        SalesforceObject(
            "LeadStatus", prefix: "01J",
            [
                SalesforceField("ApiName"), SalesforceField("MasterLabel"), SalesforceField("SortOrder", .double),
                flag("IsConverted"), flag("IsDefault"),
            ]),
        SalesforceObject(
            "OpportunityStage", prefix: "01J",
            [
                SalesforceField("ApiName"), SalesforceField("MasterLabel"), SalesforceField("SortOrder", .double),
                SalesforceField("DefaultProbability", .double), flag("IsClosed"), flag("IsWon"), flag("IsActive"),
            ]),
    ]

    private static let activity: [SalesforceField] = [
        SalesforceField("Subject"), .reference("WhoId", to: "Lead", "Contact"),
        .reference("WhatId", to: "Opportunity", "Account"), SalesforceField("Status", .picklist),
        SalesforceField("Description", .textarea, length: 32_000),
    ]
}
