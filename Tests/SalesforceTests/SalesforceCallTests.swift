import CRM
import ConnectorTesting
import Cryptography
import Foundation
import HTTPTypes
import JSON
import Salesforce
import Synchronization
import XCTest

final class SalesforceCallTests: XCTestCase {
    private func failure(
        _ org: ScriptedOrg, file: StaticString = #filePath, line: UInt = #line
    ) async throws -> CRMError {
        do {
            _ = try await org.connector.read([ScriptedOrg.lead(1)], known: [:])
        } catch {
            return error
        }
        XCTFail("the call must fail", file: file, line: line)
        throw CancellationError()
    }

    // MARK: Login

    private struct Claims: Codable, Equatable {
        let iss: String
        let sub: String
        let aud: String
        let exp: Int64
    }

    func testSignedAssertion() async throws {
        let key = try RSAPrivateKey.generate()
        let org = try await ScriptedOrg.start(
            self, credentials: ["consumer_key": "3MVG9", "private_key": key.privatePEM],
            options: ["username": "integration@fjord.example", "audience": "https://test.salesforce.com"]
        ) { _ in ScriptedOrg.rows([]) }
        _ = try await org.connector.read([ScriptedOrg.lead(1)], known: [:])
        let login = try XCTUnwrap(org.server.requests.first)
        let form = Dictionary(
            FormEncoding.decode(String(decoding: login.body, as: UTF8.self)).map { ($0.name, $0.value) }
        ) { first, _ in first }
        XCTAssertEqual(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer")
        let claims = try JSONWebToken.verify(
            XCTUnwrap(form["assertion"]), with: RSAPublicKey(pem: key.publicPEM),
            now: Date(timeIntervalSince1970: 1_795_100_000), as: Claims.self)
        XCTAssertEqual(
            claims,
            Claims(
                iss: "3MVG9", sub: "integration@fjord.example", aud: "https://test.salesforce.com", exp: 1_795_100_180))
    }

    func testClientCredentials() async throws {
        let org = try await ScriptedOrg.start(self) { _ in ScriptedOrg.rows([]) }
        _ = try await org.connector.read([ScriptedOrg.lead(1)], known: [:])
        let login = try XCTUnwrap(org.server.requests.first)
        XCTAssertEqual(
            login.headers["Authorization"], "Basic \(Data("key:secret".utf8).base64EncodedString())")
        XCTAssertEqual(String(decoding: login.body, as: UTF8.self), "grant_type=client_credentials")
        let call = try XCTUnwrap(org.calls.first)
        XCTAssertEqual(call.headers["Authorization"], "Bearer t-1")
        XCTAssertEqual(call.headers["Sforce-Call-Options"], "client=Leadwright", "the loop guard is on every call")
    }

    func testAnEndedSessionIsReplacedOnceForAllCalls() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            request.headers["Authorization"] == "Bearer t-2"
                ? ScriptedOrg.rows([]) : ScriptedOrg.problem(401, "INVALID_SESSION_ID")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { _ = try await org.connector.read([ScriptedOrg.lead(number)], known: [:]) }
            }
            try await group.waitForAll()
        }
        XCTAssertEqual(org.server.requests.count { $0.path == ScriptedOrg.loginPath }, 2)
    }

    func testASessionThatIsNeverAcceptedDoesNotLoop() async throws {
        let org = try await ScriptedOrg.start(self) { _ in
            ScriptedOrg.problem(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
        }
        let error = try await failure(org)
        XCTAssertEqual(error.code, .unauthorized)
        XCTAssertEqual(org.server.requests.count, 4)
    }

    func testRefusedLoginsAndMissingCredentials() async throws {
        let refused = try await ScriptedOrg.start(
            self, login: { _ in .json(400, ["error": "invalid_grant", "error_description": "audience is invalid"]) }
        ) { _ in nil }
        let error = try await failure(refused)
        XCTAssertEqual(error.code, .unauthorized)
        XCTAssertTrue(error.message.contains("invalid_grant"), error.message)
        let down = try await ScriptedOrg.start(self, login: { _ in HTTPResponse(status: 503) }) { _ in nil }
        let unavailable = try await failure(down)
        XCTAssertEqual(unavailable.code, .unavailable)
        for credentials in [
            [:], ["consumer_key": "k"], ["consumer_key": "k", "private_key": "no key"],
        ] {
            let org = try await ScriptedOrg.start(self, credentials: credentials, options: ["username": "u"]) { _ in
                nil
            }
            let error = try await failure(org)
            XCTAssertEqual(error.code, .misconfigured)
        }
    }

    // MARK: Failures

    /// Section "Errors and limits" of the contract.
    func testFailuresBySort() async throws {
        for (status, name, code, remedy) in [
            (403, "REQUEST_LIMIT_EXCEEDED", CRMError.Code.rateLimited, CRMError.Remedy.postpone(.seconds(300))),
            (400, "UNABLE_TO_LOCK_ROW", .conflict, .retry), (503, "SERVER_UNAVAILABLE", .unavailable, .retry),
            (400, "DUPLICATES_DETECTED", .rejected, .giveUp),
            (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", .rejected, .giveUp),
            (400, "STRING_TOO_LONG", .rejected, .giveUp), (403, "API_DISABLED_FOR_ORG", .forbidden, .giveUp),
            (403, "INSUFFICIENT_ACCESS_OR_READONLY", .forbidden, .giveUp), (404, "NOT_FOUND", .notFound, .giveUp),
            (404, "ENTITY_IS_DELETED", .notFound, .giveUp), (502, "", .unavailable, .retry),
            (300, "", .rejected, .giveUp), (403, "", .forbidden, .giveUp),
        ] {
            let org = try await ScriptedOrg.start(self) { _ in ScriptedOrg.problem(status, name, "mira@fjord") }
            let error = try await failure(org)
            XCTAssertEqual(error.code, code, name)
            XCTAssertEqual(error.remedy, remedy, name)
            XCTAssertFalse("\(error)".contains("mira"), "\(error)")
        }
        let lockRow = try Fixture.data("error-lock-row.json")
        let locked = try await ScriptedOrg.start(self) { _ in HTTPResponse(status: 400, body: lockRow) }
        let error = try await failure(locked)
        XCTAssertEqual(error.code, .conflict)
        let garbled = try await ScriptedOrg.start(self) { _ in
            HTTPResponse(status: 200, contentType: "text/html", text: "<html>")
        }
        let malformed = try await failure(garbled)
        XCTAssertEqual(malformed.code, .malformedAnswer)
    }

    func testDailyUsageIsTold() async throws {
        let org = try await ScriptedOrg.start(self) { _ in
            var response = ScriptedOrg.rows([])
            response.headers["Sforce-Limit-Info"] = "api-bursts=1/750; api-usage=10018/100000"
            return response
        }
        _ = try await org.connector.read([ScriptedOrg.lead(1)], known: [:])
        let budget = org.connector.budgets.first
        XCTAssertEqual(budget?.limit, 100_000)
        XCTAssertEqual(budget?.remaining, 89_982)
    }

    func testLongResultsAreFollowed() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            if let soql = ScriptedOrg.soql(request) {
                guard soql.contains("FROM Lead") else { return ScriptedOrg.rows([]) }
                return .json(
                    200,
                    [
                        "done": false, "nextRecordsUrl": "/services/data/v67.0/query/01g-1",
                        "records": [["Id": .string(ScriptedOrg.lead(1).objectID)]],
                    ])
            }
            return ScriptedOrg.rows([["Id": .string(ScriptedOrg.lead(2).objectID)]])
        }
        let readings = try await org.connector.read([ScriptedOrg.lead(1), ScriptedOrg.lead(2)], known: [:])
        XCTAssertNotEqual(readings[ScriptedOrg.lead(1)], .gone)
        XCTAssertNotEqual(readings[ScriptedOrg.lead(2)], .gone)
    }
}
