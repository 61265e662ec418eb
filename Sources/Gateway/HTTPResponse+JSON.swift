import HTTPTypes
import JSON

extension HTTPResponse {
    /// A response with a JSON body.
    static func json(_ status: Int, _ body: JSONValue) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: body.canonicalData)
    }
}
