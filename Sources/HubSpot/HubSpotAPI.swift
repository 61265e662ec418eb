import CRM
import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// Calls to HubSpot's API for one connection: authorised, answered or failed, with the budgets that each answer tells.
struct HubSpotAPI: Sendable {
    let baseURL: String
    let client: HTTPClient
    let timeout: Duration
    let authorization: HubSpotAuthorization
    let now: @Sendable () -> Date
    let heard: CallBudgets

    /// Makes a call and returns its JSON.
    ///
    /// - Parameter changes: whether the call changes the account, so that a lost answer leaves its result unknown.
    func call(_ method: String, _ path: String, _ body: JSONValue? = nil, changes: Bool = false) async throws(CRMError)
        -> JSONValue
    {
        let response = try await exchange(method, path, body, changes: changes)
        guard response.isSuccess else { throw HubSpotProblem(response).error }
        return try response.json()
    }

    /// Makes a call and returns its answer, whatever the status. A 401 is answered by one new login, if there can be
    /// one.
    func exchange(_ method: String, _ path: String, _ body: JSONValue? = nil, changes: Bool) async throws(CRMError)
        -> HTTPResponse
    {
        let token = try await authorization.tokens.token()
        let response = try await send(method, path, body, token, changes: changes)
        guard response.status == 401, authorization.isRenewable else { return response }
        let renewed = try await authorization.tokens.replacement(for: token)
        return try await send(method, path, body, renewed, changes: changes)
    }

    private func send(
        _ method: String, _ path: String, _ body: JSONValue?, _ token: AccessToken, changes: Bool
    ) async throws(CRMError) -> HTTPResponse {
        var request = HTTPRequest(method, baseURL + path, headers: ["Authorization": "Bearer \(token.text)"])
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = body.canonicalData
        }
        let response: HTTPResponse
        do {
            response = try await client.send(request, timeout: timeout)
        } catch {
            throw .noAnswer(
                from: .hubspot, mayHaveTakenEffect: changes && error.mayHaveReachedServer, underlying: error)
        }
        budgets(in: response.headers).forEach(heard.observe)
        return response
    }

    /// Usage guidelines, "Response headers". The `-Secondly` ones are still sent and mean nothing.
    private func budgets(in headers: HTTPHeaders) -> [CallBudget] {
        func number(_ name: String) -> Int? { headers["X-HubSpot-RateLimit-\(name)"].flatMap { Int($0) } }
        var budgets: [CallBudget] = []
        if let limit = number("Max"), let remaining = number("Remaining") {
            budgets.append(
                CallBudget(
                    name: "burst", limit: limit, remaining: remaining,
                    interval: .milliseconds(number("Interval-Milliseconds") ?? 10_000), observedAt: now()))
        }
        if let limit = number("Daily"), let remaining = number("Daily-Remaining") {
            budgets.append(
                CallBudget(
                    name: "daily", limit: limit, remaining: remaining, interval: .seconds(86_400), observedAt: now()))
        }
        return budgets
    }
}
