import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import Synchronization
import XCTest

final class HubSpotCallTests: XCTestCase {
    private static let oauth = ["refresh_token": "r-1", "client_id": "id", "client_secret": "secret"]
    private static let empty = HTTPResponse.json(200, ["results": []])

    private func failure(_ response: HTTPResponse) async throws -> CRMError {
        let portal = try await ScriptedPortal.start(self) { _, _ in response }
        do {
            _ = try await portal.connector.read([ScriptedPortal.lead(1)], known: [:])
        } catch {
            return error
        }
        throw XCTSkip("the call must fail")
    }

    /// Section "Errors" of the contract.
    func testFailuresBySort() async throws {
        for (status, code, remedy) in [
            (400, CRMError.Code.rejected, CRMError.Remedy.giveUp), (401, .unauthorized, .giveUp),
            (403, .forbidden, .giveUp), (404, .notFound, .giveUp), (409, .conflict, .retry), (414, .rejected, .giveUp),
            (423, .conflict, .postpone(.seconds(2))), (429, .rateLimited, .postpone(.seconds(10))),
            (477, .unavailable, .postpone(.seconds(3600))), (500, .unavailable, .retry), (502, .unavailable, .retry),
            (521, .unavailable, .retry), (526, .unavailable, .retry), (302, .malformedAnswer, .retry),
        ] {
            let error = try await failure(HTTPResponse(status: status, contentType: "text/html", text: "<html>"))
            XCTAssertEqual(error.code, code, "\(status)")
            XCTAssertEqual(error.remedy, remedy, "\(status)")
            XCTAssertEqual(error.status, status)
        }
    }

    func testWaitsThatHubSpotNames() async throws {
        let moved = HTTPResponse(status: 477, headers: ["Retry-After": "7200"])
        let first = try await failure(moved)
        XCTAssertEqual(first.remedy, .postpone(.seconds(7200)))
        let burst = HTTPResponse(
            status: 429, headers: ["Retry-After": "3"], body: Data(#"{"policyName":"TEN_SECONDLY_ROLLING"}"#.utf8))
        let second = try await failure(burst)
        XCTAssertEqual(second.remedy, .postpone(.seconds(3)))
        let search = try await failure(.json(429, ["message": "You have reached your secondly limit."]))
        XCTAssertEqual(search.remedy, .postpone(.seconds(1)))
    }

    /// HubSpot quotes values in its messages; ours must not.
    func testMessagesHoldNoPersonalData() async throws {
        let error = try await failure(
            .json(
                400,
                [
                    "message": "Email address mira@fjord.example is invalid", "correlationId": "c-9",
                    "category": "VALIDATION_ERROR",
                    "errors": [["code": "INVALID_EMAIL", "context": ["propertyName": ["email"]]]],
                ]))
        XCTAssertFalse("\(error)".contains("mira"), "\(error)")
        XCTAssertEqual(error.field, "email")
        XCTAssertEqual(error.correlationID, "c-9")
    }

    func testMissingScopesAreNamed() async throws {
        let error = try await failure(
            .json(
                403,
                [
                    "category": "MISSING_SCOPES",
                    "errors": [["context": ["requiredGranularScopes": ["crm.objects.contacts.read"]]]],
                ]))
        XCTAssertEqual(error.code, .forbidden)
        XCTAssertTrue(error.message.contains("crm.objects.contacts.read"), error.message)
    }

    func testAnswersThatAreNoneAreNotTakenForEmpty() async throws {
        for body in ["<html>", "{}", ""] {
            let error = try await failure(HTTPResponse(status: 200, body: Data(body.utf8)))
            XCTAssertEqual(error.code, .malformedAnswer, body)
        }
    }

    func testBudgetsAreTold() async throws {
        let portal = try await ScriptedPortal.start(self) { _, _ in
            var response = Self.empty
            response.headers["X-HubSpot-RateLimit-Max"] = "190"
            response.headers["X-HubSpot-RateLimit-Remaining"] = "187"
            response.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            response.headers["X-HubSpot-RateLimit-Daily"] = "625000"
            response.headers["X-HubSpot-RateLimit-Daily-Remaining"] = "624000"
            return response
        }
        _ = try await portal.connector.read([ScriptedPortal.lead(1)], known: [:])
        let observedAt = Date(timeIntervalSince1970: 1_795_100_000)
        XCTAssertEqual(
            portal.connector.budgets,
            [
                CallBudget(
                    name: "burst", limit: 190, remaining: 187, interval: .seconds(10), observedAt: observedAt),
                CallBudget(
                    name: "daily", limit: 625_000, remaining: 624_000, interval: .seconds(86_400),
                    observedAt: observedAt),
            ])
    }

    // MARK: Tokens

    func testAnExpiredTokenIsRefreshedOnceForAllCalls() async throws {
        let portal = try await ScriptedPortal.start(self, credentials: Self.oauth) { request, _ in
            if request.path == "/oauth/v3/token" {
                let form = String(decoding: request.body, as: UTF8.self)
                let next = form.contains("refresh_token=r-1") ? "a-1" : "a-2"
                return .json(200, ["access_token": .string(next), "refresh_token": "r-2", "expires_in": 1800])
            }
            return request.headers["Authorization"] == "Bearer a-2"
                ? Self.empty : .json(401, ["category": "EXPIRED_AUTHENTICATION"])
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<8 {
                group.addTask { _ = try await portal.connector.read([ScriptedPortal.lead(id)], known: [:]) }
            }
            try await group.waitForAll()
        }
        let logins = portal.server.requests.filter { $0.path == "/oauth/v3/token" }
        XCTAssertEqual(logins.count, 2, "one at the start, one for the refusal")
        XCTAssertTrue(logins.allSatisfy { $0.query.isEmpty }, "all parameters belong into the body")
        XCTAssertTrue(String(decoding: logins[1].body, as: UTF8.self).contains("refresh_token=r-2"))
    }

    func testASecondRefusalIsFinal() async throws {
        let portal = try await ScriptedPortal.start(self, credentials: Self.oauth) { request, _ in
            request.path == "/oauth/v3/token" ? .json(200, ["access_token": "a"]) : HTTPResponse(status: 401)
        }
        do {
            _ = try await portal.connector.read([ScriptedPortal.lead(1)], known: [:])
            XCTFail("must be refused")
        } catch {
            XCTAssertEqual(error.code, .unauthorized)
        }
        XCTAssertEqual(portal.server.requests.filter { $0.path != "/oauth/v3/token" }.count, 2)
    }

    func testAPrivateAppsTokenIsNotRetried() async throws {
        let portal = try await ScriptedPortal.start(self) { _, _ in HTTPResponse(status: 401) }
        let outcomes = try await portal.connector.write([ScriptedPortal.intent(1)])
        XCTAssertEqual(outcomes.map(\.summary), ["unauthorized"])
        XCTAssertEqual(portal.server.requests.count, 1)
    }

    func testARefusedRefreshTokenAndMissingCredentials() async throws {
        let refused = try await ScriptedPortal.start(self, credentials: Self.oauth) { _, _ in
            .json(400, ["status": "BAD_REFRESH_TOKEN", "correlationId": "c-2"])
        }
        do {
            _ = try await refused.connector.read([ScriptedPortal.lead(1)], known: [:])
            XCTFail("must be refused")
        } catch {
            XCTAssertEqual(error.code, .unauthorized)
            XCTAssertFalse("\(error)".contains("r-1"))
        }
        let none = try await ScriptedPortal.start(self, credentials: [:]) { _, _ in Self.empty }
        do {
            _ = try await none.connector.read([ScriptedPortal.lead(1)], known: [:])
            XCTFail("must be refused")
        } catch {
            XCTAssertEqual(error.code, .misconfigured)
        }
    }
}
