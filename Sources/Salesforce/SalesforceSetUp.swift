import CRM
import HTTPTypes
import JSON

/// Looks whether the org has what Connectors/salesforce installs. Objects and fields cannot be created from here: an
/// administrator deploys them.
struct SalesforceSetUp {
    let api: SalesforceAPI

    /// One step for each object and field, and for the opt-out of leads and contacts.
    func check(_ targets: [ContentTarget]) async throws(CRMError) -> [SetUpStep] {
        var steps: [SetUpStep] = []
        // Several playbooks may write to one object.
        for object in Set(targets.map(\.name)).sorted() { steps += try await check(object: object) }
        for type in ["Lead", "Contact"] {
            let isReadable = try await fields(of: type)?["HasOptedOutOfEmail"] != nil
            steps.append(
                SetUpStep(
                    "field \(type).HasOptedOutOfEmail", isReadable ? .present : .missing,
                    isReadable
                        ? "" : "grant read access with the permission set Leadwright; without it nobody is written to"))
        }
        return steps
    }

    private func check(object: String) async throws(CRMError) -> [SetUpStep] {
        guard let fields = try await fields(of: object) else {
            return [
                SetUpStep(
                    "object \(object)", .missing,
                    "deploy Connectors/salesforce, and assign the permission set Leadwright to the integration user")
            ]
        }
        let key = SalesforceContent.keyField
        let isKey = fields[key]?["externalId"]?.bool == true && fields[key]?["unique"]?.bool != false
        return [
            SetUpStep("object \(object)", .present),
            SetUpStep(
                "field \(object).\(key)", isKey ? .present : .missing,
                isKey ? "" : "deploy it from Connectors/salesforce: a unique external id"),
        ]
            + SalesforceContent.fields.map { field in
                SetUpStep(
                    "field \(object).\(field)", fields[field] == nil ? .missing : .present,
                    fields[field] == nil ? "deploy it from Connectors/salesforce, or grant access to it" : "")
            }
    }

    /// The fields that the integration user sees; `nil` when the object is not there.
    private func fields(of object: String) async throws(CRMError) -> [String: JSONValue]? {
        let path = "/services/data/\(api.version)/sobjects/\(FormEncoding.percentEncode(object))/describe"
        let response = try await api.exchange("GET", path, nil, changes: false)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw SalesforceProblem(response).error }
        let fields = try response.json()["fields"]?.array ?? []
        return Dictionary(fields.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
    }
}
