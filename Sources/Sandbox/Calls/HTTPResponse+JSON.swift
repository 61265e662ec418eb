package import HTTPTypes
package import JSON

extension HTTPResponse {
    /// A response with a JSON body.
    package static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json;charset=utf-8"], body: value.canonicalData)
    }

    /// A response without a body.
    package static var noContent: HTTPResponse { HTTPResponse(status: 204) }
}
