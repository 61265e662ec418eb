import CRM
import HTTPTypes
import JSON

/// What HubSpot says about a call, or about one record of a batch, that failed (error-handling guide). Every field may
/// be missing. Its message is left out of ours: it quotes values, and values are personal data.
struct HubSpotProblem {
    /// The HTTP status; `nil` for one record of a batch.
    let status: Int?
    let category: String
    /// The code of the first detail: `PROPERTY_DOESNT_EXIST`.
    let code: String?
    /// The property that the first detail names.
    let property: String?
    /// The records of a batch that it concerns, by id.
    let recordIDs: [String]
    /// The record of a batch that it concerns, by the mark we gave it.
    let traceID: String?
    let correlationID: String?
    private let policy: String?
    private let isSecondly: Bool
    private let scopes: [String]
    private let retryAfter: Duration?

    /// The failure of a whole call.
    init(_ response: HTTPResponse) {
        // Gateways in front of HubSpot answer HTML.
        self.init(
            (try? JSONValue(parsing: response.body)) ?? .null, status: response.status,
            retryAfter: response.retryAfter)
    }

    /// The failure of one record, out of a 207's `errors`.
    init(record: JSONValue) { self.init(record, status: nil, retryAfter: nil) }

    private init(_ body: JSONValue, status: Int?, retryAfter: Duration?) {
        self.status = status
        self.retryAfter = retryAfter
        let detail = body["errors"]?[0]
        category = (body["category"] ?? body["errorType"])?.string ?? ""
        code = detail?["code"]?.string ?? body["subCategory"]?.string
        property = detail?["context"]?["propertyName"]?[0]?.string
        let context = body["context"]
        recordIDs = (context?["ids"] ?? context?["id"])?.array?.compactMap(\.identifier) ?? []
        traceID = (context?["objectWriteTraceId"]?[0] ?? body["objectWriteTraceId"])?.identifier
        correlationID = body["correlationId"]?.string
        policy = body["policyName"]?.string
        // The search endpoints' limit shows in the message alone.
        isSecondly = body["message"]?.string?.contains("secondly limit") == true && policy != "TEN_SECONDLY_ROLLING"
        let required = context?["requiredGranularScopes"] ?? detail?["context"]?["requiredGranularScopes"]
        scopes = required?.array?.compactMap(\.string) ?? []
    }

    /// The failure in our terms.
    var error: CRMError {
        switch status ?? Self.statuses[category] ?? 400 {
        case 401: failure(.unauthorized, "HubSpot refuses the access token; renew it")
        case 403:
            failure(
                .forbidden,
                "the app lacks a scope" + (scopes.isEmpty ? "" : ": \(scopes.joined(separator: ", "))")
                    + "; add it in the app's settings")
        case 404: failure(.notFound, "HubSpot has no such record or resource")
        case 409: failure(.conflict, "HubSpot reports a conflict with another record")
        case 423: failure(.conflict, "the record is locked by bulk work", retryAfter: .seconds(2))
        case 429: rateLimit
        case 477: failure(.unavailable, "the account is being moved", retryAfter: retryAfter ?? .seconds(3600))
        case let status where status >= 500:
            failure(.unavailable, "HubSpot has a failure of its own", retryAfter: retryAfter)
        case let status where status < 400:
            failure(.malformedAnswer, "HubSpot's answer is none that its contract has")
        default:
            failure(
                .rejected,
                "HubSpot refuses the call (\(code ?? category))"
                    + (code == "PROPERTY_DOESNT_EXIST" ? "; `leadwright connect` creates the property" : ""))
        }
    }

    private var rateLimit: CRMError {
        // The day ends at midnight in the account's own zone, which the answer does not tell: look again in an hour.
        if policy == "DAILY" {
            return failure(.rateLimited, "the day's calls are used up", retryAfter: retryAfter ?? .seconds(3600))
        }
        if isSecondly {
            return failure(.rateLimited, "too many searches in a second", retryAfter: retryAfter ?? .seconds(1))
        }
        return failure(.rateLimited, "too many calls in ten seconds", retryAfter: retryAfter ?? .seconds(10))
    }

    private func failure(_ code: CRMError.Code, _ message: String, retryAfter: Duration? = nil) -> CRMError {
        CRMError(
            code, message, status: status, retryAfter: retryAfter, field: property, correlationID: correlationID)
    }

    /// The status that a record's category would have as a call of its own.
    private static let statuses = [
        "OBJECT_NOT_FOUND": 404, "CONFLICT": 409, "OBJECT_ALREADY_EXISTS": 409, "MISSING_SCOPES": 403,
        "RATE_LIMITS": 429, "INTERNAL_ERROR": 500,
    ]
}
