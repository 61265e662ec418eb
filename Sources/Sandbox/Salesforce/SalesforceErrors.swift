import HTTPTypes
import JSON

/// Why a record cannot be written or read, by Salesforce's own code.
struct SalesforceProblem: Error {
    let code: String
    let message: String
    var fields: [String] = []

    init(_ code: String, _ message: String, fields: [String] = []) {
        self.code = code
        self.message = message
        self.fields = fields
    }

    /// The answer to a call about one record: an array, in which the code is called `errorCode`.
    var refusal: Refusal {
        var error: [String: JSONValue] = ["errorCode": .string(code), "message": .string(message)]
        if !fields.isEmpty || Self.dataErrors.contains(code) { error["fields"] = .array(fields.map(JSONValue.string)) }
        return Refusal(.json([.object(error)], status: status))
    }

    /// The result of one record of a collection, in which the code is called `statusCode`.
    var result: JSONValue {
        [
            "success": false,
            "errors": [
                [
                    "statusCode": .string(code), "message": .string(message),
                    "fields": .array(fields.map(JSONValue.string)),
                ]
            ],
        ]
    }

    private static let dataErrors: Set<String> = [
        "UNABLE_TO_LOCK_ROW", "REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "DUPLICATE_VALUE",
    ]

    private var status: Int {
        switch code {
        case "INVALID_SESSION_ID": 401
        case "REQUEST_LIMIT_EXCEEDED", "API_DISABLED_FOR_ORG": 403
        case "NOT_FOUND", "ENTITY_IS_DELETED": 404
        case "METHOD_NOT_ALLOWED": 405
        case "SERVER_UNAVAILABLE": 503
        case "UNKNOWN_EXCEPTION": 500
        default: 400
        }
    }

    static let notFound = SalesforceProblem("NOT_FOUND", "The requested resource does not exist")
}
