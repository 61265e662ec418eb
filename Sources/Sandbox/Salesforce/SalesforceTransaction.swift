import Foundation
import HTTPTypes

/// What the changes of one commit have in common.
struct SalesforceTransaction {
    /// Names the commit in its change events.
    let key: String
    /// Who made it: `com/salesforce/api/rest/67.0;client=Leadwright`, empty for a person.
    let origin: String
    let now: Date
    /// The place of the last change event in the commit.
    var sequence: Int64 = 0

    /// Whether the change comes from outside through the API.
    var isFromAPI: Bool { !origin.isEmpty }
}

extension SalesforceOrg {
    /// The commit of an API call, named after the caller's `Sforce-Call-Options: client=…`.
    mutating func transaction(_ call: Call) -> SalesforceTransaction {
        let options = call.request.headers["Sforce-Call-Options"] ?? ""
        let client = options.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("client=") }
        let version = base(call).split(separator: "/v").last ?? ""
        let origin = "com/salesforce/api/rest/\(version)"
        return SalesforceTransaction(
            key: random.uuid(), origin: client.map { "\(origin);\($0)" } ?? origin, now: call.now)
    }

    /// The commit of a person in the CRM.
    mutating func transaction(now: Date) -> SalesforceTransaction {
        SalesforceTransaction(key: random.uuid(), origin: "", now: now)
    }
}
