import Foundation
import HTTPTypes
import JSON

/// One call to a stand-in: the request, the parts that its route took out of the path, and the time.
struct Call {
    let request: HTTPRequest
    let now: Date
    /// The route's `{name}` parts, percent-decoded.
    var parameters: [String: String] = [:]

    /// A part of the path; every name that a handler asks for stands in its route's pattern.
    func part(_ name: String) -> String { parameters[name] ?? "" }

    /// The first value of a query parameter.
    func query(_ name: String) -> String? { request.query.first { $0.name == name }?.value }

    /// Whether a query parameter says yes. HubSpot's client for Python writes `True`.
    func isTrue(_ name: String) -> Bool { query(name)?.lowercased() == "true" }

    /// A query parameter that holds names separated by commas, or is repeated; empty when it is absent.
    func queryList(_ name: String) -> [String] {
        request.query.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    /// The fields of a form body.
    var form: [String: String] {
        Dictionary(FormEncoding.decode(String(decoding: request.body, as: UTF8.self)).map { ($0.name, $0.value) }) {
            first, _ in first
        }
    }

    /// The token of `Authorization: Bearer …`.
    var bearerToken: String? {
        guard let value = request.headers["Authorization"], value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst("bearer ".count))
    }
}
