import CRM
import HTTPTypes
import JSON

/// What Salesforce says about a call, or about one record of a collection, that failed (REST guide, "Status Codes and
/// Error Responses"). Its message is kept for looking up names and left out of ours: it quotes values.
struct SalesforceProblem: Error {
    /// The HTTP status; `nil` for one record of a collection.
    let status: Int?
    /// `errorCode` of a call, `statusCode` of a record.
    let code: String
    /// The fields it names.
    let fields: [String]
    /// Salesforce's own words.
    let message: String

    /// The failure of a whole call: a list, of which the first tells. Gateways in between answer HTML.
    init(_ response: HTTPResponse) {
        let body = (try? JSONValue(parsing: response.body)) ?? .null
        self.init(body[0] ?? body, status: response.status)
    }

    /// The failure of one record, out of its result's `errors`.
    init(record: JSONValue) { self.init(record, status: nil) }

    private init(_ error: JSONValue, status: Int?) {
        self.status = status
        code = (error["errorCode"] ?? error["statusCode"])?.string ?? ""
        fields = error["fields"]?.array?.compactMap(\.string) ?? []
        message = error["message"]?.string ?? ""
    }

    /// The failure in our terms: by its code, and by the status where the code says nothing.
    var error: CRMError {
        switch code {
        case "INVALID_SESSION_ID": failure(.unauthorized, "the session is not accepted, also after a new login")
        case "REQUEST_LIMIT_EXCEEDED":
            // The day's calls, or too many long ones at once: minutes help, seconds do not.
            failure(.rateLimited, "the org's API calls are used up", retryAfter: .seconds(300))
        case "UNABLE_TO_LOCK_ROW": failure(.conflict, "the record is locked by another change")
        case "DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID": failure(.conflict, "another record has the same key")
        case "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED":
            failure(.unavailable, "Salesforce has a failure of its own")
        case "DUPLICATES_DETECTED":
            failure(.rejected, "a duplicate rule refuses the record; exempt the integration user from it")
        case "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE":
            failure(
                .rejected,
                "an object or field is missing or hidden from the user: deploy Connectors/salesforce and assign its "
                    + "permission set")
        case "NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY":
            failure(.notFound, "Salesforce has no such record or resource")
        case "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED":
            failure(.forbidden, "the org's edition has no API access")
        case let code where code.hasPrefix("INSUFFICIENT_ACCESS"):
            failure(.forbidden, "the integration user lacks a permission; assign the permission set Leadwright")
        default: byStatus
        }
    }

    private var byStatus: CRMError {
        switch status ?? 400 {
        case 401: failure(.unauthorized, "Salesforce refuses the session")
        case 403: failure(.forbidden, "Salesforce forbids the call")
        case 404: failure(.notFound, "Salesforce has no such record or resource")
        case 409: failure(.conflict, "Salesforce reports a conflict")
        case 429: failure(.rateLimited, "too many calls", retryAfter: .seconds(60))
        case 300: failure(.rejected, "several records have the same key; mark the key field as unique")
        case let status where status >= 500: failure(.unavailable, "Salesforce has a failure of its own")
        case let status where status < 400:
            failure(.malformedAnswer, "Salesforce's answer is none that its contract has")
        default: failure(.rejected, "Salesforce refuses the call (\(code))")
        }
    }

    private func failure(_ code: CRMError.Code, _ message: String, retryAfter: Duration? = nil) -> CRMError {
        CRMError(
            code, self.code.isEmpty || message.contains(self.code) ? message : "\(message) (\(self.code))",
            status: status, retryAfter: retryAfter, field: fields.first)
    }
}
