import Foundation
import HTTPTypes
import JSON

/// `/composite` and `/composite/batch`: several calls in one.
extension SalesforceOrg {
    static let compositeRoutes: [Route<SalesforceOrg>] = [
        Route("POST", "/composite") { try $0.composite($1) },
        Route("POST", "/composite/batch") { try $0.batch($1) },
    ]

    private mutating func composite(_ call: Call) throws(Refusal) -> HTTPResponse {
        let posted = try parts(call, "compositeRequest")
        let before = posted.allOrNone ? self : nil
        var answers: [String: JSONValue] = [:]
        var responses: [JSONValue] = []
        var hasFailed = false
        for part in posted.parts {
            let name = part["referenceId"]?.string ?? ""
            let method = part["method"]?.string ?? "GET"
            let url = Self.resolve(part["url"]?.string ?? "", answers)
            let body = part["body"].map { Self.resolve($0, answers) }
            let response = perform(method, url, body, call)
            hasFailed = hasFailed || !response.isSuccess
            let parsed = (try? JSONValue(parsing: response.body)) ?? .null
            answers[name] = parsed
            responses.append([
                "body": parsed, "httpHeaders": [:], "httpStatusCode": .integer(Int64(response.status)),
                "referenceId": .string(name),
            ])
        }
        if let before, hasFailed {
            self = before
            responses = responses.map { response in
                guard (response["httpStatusCode"]?.integer ?? 0) < 300, case .object(var members) = response else {
                    return response
                }
                members["httpStatusCode"] = 400
                members["body"] = [
                    [
                        "errorCode": "PROCESSING_HALTED",
                        "message":
                            "The transaction was rolled back since another operation in the same transaction failed.",
                    ]
                ]
                return .object(members)
            }
        }
        return .json(["compositeResponse": .array(responses)])
    }

    private mutating func batch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let posted = try parts(call, "batchRequests")
        var results: [JSONValue] = []
        var hasErrors = false
        for part in posted.parts {
            guard !(hasErrors && posted.haltOnError) else {
                results.append([
                    "statusCode": 412,
                    "result": [["errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted"]],
                ])
                continue
            }
            // The address is relative to /services/data/ here.
            let url = "/services/data/\(part["url"]?.string ?? "")"
            let response = perform(part["method"]?.string ?? "GET", url, part["richInput"], call)
            hasErrors = hasErrors || !response.isSuccess
            results.append([
                "statusCode": .integer(Int64(response.status)),
                "result": (try? JSONValue(parsing: response.body)) ?? .null,
            ])
        }
        return .json(["hasErrors": .bool(hasErrors), "results": .array(results)])
    }

    private func parts(_ call: Call, _ name: String) throws(Refusal)
        -> (parts: [JSONValue], allOrNone: Bool, haltOnError: Bool)
    {
        do throws(SalesforceProblem) {
            let posted = try body(call)
            let parts = posted[name]?.array ?? []
            guard parts.count <= 25 else {
                throw SalesforceProblem(
                    "LIMIT_EXCEEDED", "Limit exceeded: \(parts.count) subrequests, the limit is 25")
            }
            return (parts, posted["allOrNone"]?.bool ?? false, posted["haltOnError"]?.bool ?? false)
        } catch {
            throw error.refusal
        }
    }

    private mutating func perform(_ method: String, _ url: String, _ body: JSONValue?, _ call: Call) -> HTTPResponse {
        let request = HTTPRequest(
            method, url, headers: call.request.headers, body: body?.canonicalData ?? Data())
        do {
            guard let path = try unversioned(request.path) else { return .json(Self.versions) }
            return try route(Call(request: request, now: call.now), path: path)
        } catch {
            return error.response
        }
    }

    /// Replaces `@{reference.path}` by what an earlier part answered.
    private static func resolve(_ text: String, _ answers: [String: JSONValue]) -> String {
        var result = ""
        var rest = Substring(text)
        while let start = rest.range(of: "@{"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            result += rest[..<start.lowerBound]
            let steps = rest[start.upperBound..<end].split(separator: ".").map(String.init)
            var value = steps.first.flatMap { answers[$0] }
            for step in steps.dropFirst() { value = value?[step] }
            result += value?.scalarText ?? ""
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func resolve(_ value: JSONValue, _ answers: [String: JSONValue]) -> JSONValue {
        switch value {
        case .string(let text): .string(resolve(text, answers))
        case .array(let elements): .array(elements.map { resolve($0, answers) })
        case .object(let members): .object(members.mapValues { resolve($0, answers) })
        default: value
        }
    }
}
