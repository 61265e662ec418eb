import CRM
import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// Calls to Salesforce's REST API for one connection.
struct SalesforceAPI: Sendable {
    let client: HTTPClient
    let timeout: Duration
    let tokens: AccessTokens
    /// `v67.0`.
    let version: String
    /// By what name our changes are marked in change events.
    let clientName: String
    let now: @Sendable () -> Date
    let heard: CallBudgets

    /// All rows of a query, page after page.
    func query(_ soql: String, includingDeleted: Bool = false) async throws(CRMError) -> [JSONValue] {
        switch try await answer(to: soql, includingDeleted: includingDeleted) {
        case .success(let rows): return rows
        case .failure(let problem): throw problem.error
        }
    }

    /// All rows of a query, or why Salesforce refuses it, for those who can ask in another way.
    func answer(to soql: String, includingDeleted: Bool = false) async throws(CRMError)
        -> Result<[JSONValue], SalesforceProblem>
    {
        let resource = includingDeleted ? "queryAll" : "query"
        var path: String? = "/services/data/\(version)/\(resource)?q=\(FormEncoding.percentEncode(soql))"
        var rows: [JSONValue] = []
        while let next = path {
            let response = try await exchange("GET", next, nil, changes: false)
            guard response.isSuccess else { return .failure(SalesforceProblem(response)) }
            let page = try response.json()
            guard let records = page["records"]?.array else {
                throw CRMError(.malformedAnswer, "Salesforce's answer to a query holds no records")
            }
            rows += records
            path = page["done"]?.bool == false ? page["nextRecordsUrl"]?.string : nil
        }
        return .success(rows)
    }

    /// Makes a call and returns its answer, whatever the status. A session that has ended is replaced once.
    func exchange(_ method: String, _ path: String, _ body: JSONValue?, changes: Bool) async throws(CRMError)
        -> HTTPResponse
    {
        let token = try await tokens.token()
        let response = try await send(method, path, body, token, changes: changes)
        guard response.status == 401 else { return response }
        let renewed = try await tokens.replacement(for: token)
        return try await send(method, path, body, renewed, changes: changes)
    }

    private func send(
        _ method: String, _ path: String, _ body: JSONValue?, _ token: AccessToken, changes: Bool
    ) async throws(CRMError) -> HTTPResponse {
        var request = HTTPRequest(
            method, (token.baseURL ?? "") + path,
            headers: ["Authorization": "Bearer \(token.text)", "Sforce-Call-Options": "client=\(clientName)"])
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = body.canonicalData
        }
        let response: HTTPResponse
        do {
            response = try await client.send(request, timeout: timeout)
        } catch {
            throw .noAnswer(
                from: .salesforce, mayHaveTakenEffect: changes && error.mayHaveReachedServer, underlying: error)
        }
        if let budget = budget(in: response.headers) { heard.observe(budget) }
        return response
    }

    /// `Sforce-Limit-Info: api-usage=10018/100000; …`, over a rolling day.
    private func budget(in headers: HTTPHeaders) -> CallBudget? {
        let usage = headers["Sforce-Limit-Info"]?.split(separator: ";").lazy
            .map { $0.trimmingCharacters(in: .whitespaces) }.first { $0.hasPrefix("api-usage=") }
        let numbers = usage?.dropFirst("api-usage=".count).split(separator: "/").compactMap { Int($0) } ?? []
        guard numbers.count == 2 else { return nil }
        return CallBudget(
            name: "daily", limit: numbers[1], remaining: max(0, numbers[1] - numbers[0]), interval: .seconds(86_400),
            observedAt: now())
    }
}

/// Parts of SOQL.
enum SOQL {
    /// A text as a literal: backslash and quote escaped (SOQL guide, "Quoted String Escape Sequences").
    static func literal(_ text: String) -> String {
        "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }

    /// Several texts as the right side of `IN`.
    static func list(_ texts: some Sequence<String>) -> String {
        "(\(texts.map(literal).joined(separator: ",")))"
    }
}
