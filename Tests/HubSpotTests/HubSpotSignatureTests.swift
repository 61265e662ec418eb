import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import XCTest

final class HubSpotSignatureTests: XCTestCase {
    private func webhooks(secret: String?, options: [String: String] = [:]) -> HubSpotWebhooks {
        HubSpotWebhooks(
            connection: ConnectionSettings(
                name: "acme", system: .hubspot, account: "8112233", publicURL: "https://gateway.example.com",
                options: options),
            credentials: Credentials(secret.map { ["client_secret": $0] } ?? [:]))
    }

    private func delivery(
        _ vector: JSONValue, headers: HTTPHeaders? = nil, body: String? = nil, secondsLater: Double = 0
    ) throws -> Delivery {
        let version = try XCTUnwrap(vector["version"]?.string)
        let signature = try XCTUnwrap(vector["signature"]?.string)
        let timestamp = vector["timestamp_ms"]?.string
        var own: HTTPHeaders = ["X-HubSpot-Signature": signature, "X-HubSpot-Signature-Version": version]
        if let timestamp {
            own = ["x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": timestamp]
        }
        let sent = timestamp.flatMap(Double.init).map { $0 / 1000 } ?? 0
        return Delivery(
            method: vector["method"]?.string ?? "POST", uri: vector["uri"]?.string ?? "https://example.com/",
            headers: headers ?? own, body: Data((body ?? vector["body"]?.string ?? "").utf8),
            receivedAt: Date(timeIntervalSince1970: sent + secondsLater))
    }

    private func assertRefused(
        _ verdict: DeliveryVerdict, _ fragment: String, line: UInt = #line
    ) {
        guard case .refused(let reason) = verdict else {
            XCTFail("must be refused", line: line)
            return
        }
        XCTAssertTrue(reason.contains(fragment), reason, line: line)
    }

    func testPublishedVectors() throws {
        let vectors = try XCTUnwrap(Fixture.json("signature-vectors.json").array)
        XCTAssertEqual(vectors.count, 6)
        for vector in vectors {
            let reader = webhooks(secret: vector["client_secret"]?.string)
            XCTAssertEqual(reader.verify(try delivery(vector)), .authentic, "\(vector)")
            assertRefused(reader.verify(try delivery(vector, body: "[ ]")), "does not match")
            assertRefused(webhooks(secret: "other").verify(try delivery(vector)), "does not match")
        }
    }

    /// The official clients hash the URI as they are given it, so a signature over the undecoded one counts too.
    func testUndecodedURI() throws {
        let vectors = try XCTUnwrap(Fixture.json("signature-vectors.json").array)
        let decoded = try XCTUnwrap(vectors.first { $0["uri_after_table_decoding"] != nil })
        var asReceived = try XCTUnwrap(decoded.object)
        asReceived["uri"] = asReceived["uri_after_table_decoding"]
        let reader = webhooks(secret: decoded["client_secret"]?.string)
        XCTAssertEqual(reader.verify(try delivery(.object(asReceived))), .authentic)

        // hmac-sha256 with openssl over POST + "https://a.example/?q=%3A%20" + "{}" + "1795100001000".
        let raw: JSONValue = [
            "version": "v3", "uri": "https://a.example/?q=%3A%20", "body": "{}", "timestamp_ms": "1795100001000",
            "signature": "DNidYpNRYNxB6BZy1/e1Mx/JxrcWA3GPKa2ccQ/lFsI=",
        ]
        XCTAssertEqual(webhooks(secret: "public-fixture-secret").verify(try delivery(raw)), .authentic)
    }

    func testWindowReachesFiveMinutesBothWays() throws {
        let vector = try XCTUnwrap(Fixture.json("signature-vectors.json")[3])
        let reader = webhooks(secret: vector["client_secret"]?.string)
        for seconds in [-299.0, 0, 299] {
            XCTAssertEqual(reader.verify(try delivery(vector, secondsLater: seconds)), .authentic)
        }
        assertRefused(reader.verify(try delivery(vector, secondsLater: 301)), "stale")
        assertRefused(reader.verify(try delivery(vector, secondsLater: -301)), "future")
    }

    /// A stale or wrong v3 header is not saved by a right v1 header beside it.
    func testVersion3DecidesAlone() throws {
        let vectors = try XCTUnwrap(Fixture.json("signature-vectors.json").array)
        let reader = webhooks(secret: vectors[0]["client_secret"]?.string)
        var headers: HTTPHeaders = [
            "X-HubSpot-Signature": try XCTUnwrap(vectors[0]["signature"]?.string), "X-HubSpot-Signature-Version": "v1",
        ]
        XCTAssertEqual(reader.verify(try delivery(vectors[0], headers: headers)), .authentic)
        headers["X-HubSpot-Signature-v3"] = "AAAA"
        assertRefused(reader.verify(try delivery(vectors[0], headers: headers)), "Timestamp")
        headers["X-HubSpot-Request-Timestamp"] = "0"
        assertRefused(reader.verify(try delivery(vectors[0], headers: headers)), "does not match")
    }

    func testRefusalsNameTheReason() throws {
        let vectors = try XCTUnwrap(Fixture.json("signature-vectors.json").array)
        let secret = vectors[3]["client_secret"]?.string
        assertRefused(webhooks(secret: nil).verify(try delivery(vectors[3])), "client_secret")
        assertRefused(webhooks(secret: "").verify(try delivery(vectors[3])), "client_secret")
        assertRefused(webhooks(secret: secret).verify(try delivery(vectors[3], headers: [:])), "no signature header")
        assertRefused(
            webhooks(secret: secret).verify(
                try delivery(
                    vectors[3], headers: ["X-HubSpot-Signature-v3": "x", "X-HubSpot-Request-Timestamp": "now"])),
            "no number")
        assertRefused(
            webhooks(secret: secret).verify(
                try delivery(
                    vectors[3],
                    headers: ["X-HubSpot-Signature-v3": "x", "X-HubSpot-Request-Timestamp": "-9223372036854775808"])),
            "stale")
        assertRefused(
            webhooks(secret: secret).verify(
                try delivery(
                    vectors[3], headers: ["X-HubSpot-Signature": "x", "X-HubSpot-Signature-Version": "v9"])),
            "unknown signature version")
        let spoiled = try XCTUnwrap(vectors[5]["signature"]?.string).replacing("S", with: " ")
        assertRefused(
            webhooks(secret: secret).verify(
                try delivery(
                    vectors[5],
                    headers: ["X-HubSpot-Signature-v3": spoiled, "X-HubSpot-Request-Timestamp": "1795100001000"])),
            "became a space")
        let first = vectors[0]
        assertRefused(
            webhooks(secret: first["client_secret"]?.string, options: ["signature": "v3"]).verify(
                try delivery(first)), "no v3 signature")
    }
}
