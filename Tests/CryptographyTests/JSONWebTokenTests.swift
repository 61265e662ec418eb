import Cryptography
import Foundation
import XCTest

final class JSONWebTokenTests: XCTestCase {
    private struct Claims: Codable, Equatable {
        var iss: String
        var exp: Int
    }

    /// RFC 7515, appendix A.2: the key, the token, and the claims "joe" until 1300819380.
    private static let token =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
        + "Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5j"
        + "ujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZ"
        + "RmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqV"
        + "t5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

    private func fixture(_ name: String) throws -> String {
        try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/\(name)"), encoding: .utf8)
    }

    func testSignsAsTheSpecificationDoes() throws {
        let key = try RSAPrivateKey(pem: fixture("rfc7515-a2.pem"))
        let parts = Self.token.split(separator: ".")
        XCTAssertEqual(try key.signSHA256(Data("\(parts[0]).\(parts[1])".utf8)).base64URL, String(parts[2]))
        XCTAssertEqual(try key.publicPEM, try fixture("rfc7515-a2-public.pem"))
    }

    func testVerifiesTheSpecificationsToken() throws {
        let key = try RSAPublicKey(pem: fixture("rfc7515-a2-public.pem"))
        let before = Date(timeIntervalSince1970: 1_300_819_379)
        XCTAssertEqual(
            try JSONWebToken.verify(Self.token, with: key, now: before, as: Claims.self),
            Claims(iss: "joe", exp: 1_300_819_380))
        assertRefused(.expired) {
            try JSONWebToken.verify(
                Self.token, with: key, now: before.addingTimeInterval(1), as: Claims.self)
        }
    }

    func testRefusesWhatIsNotSignedByTheKey() throws {
        let now = Date(timeIntervalSince1970: 1_300_000_000)
        let key = try RSAPublicKey(pem: fixture("rfc7515-a2-public.pem"))
        let claims = Claims(iss: "joe", exp: 1_300_819_380)
        let foreign = try JSONWebToken.sign(claims, with: .generate())
        let parts = Self.token.split(separator: ".").map(String.init)
        let none = Data(#"{"alg":"none"}"#.utf8).base64URL
        let keyed = Data(#"{"alg":"HS256"}"#.utf8).base64URL
        for token in [
            foreign, "\(none).\(parts[1]).", "\(keyed).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1])",
            "\(parts[0]).\(parts[1]).\(parts[2]).", "", "a.b.c",
        ] {
            assertRefused(.invalidToken) { try JSONWebToken.verify(token, with: key, now: now, as: Claims.self) }
        }
    }

    func testSignedTokenVerifies() throws {
        let key = try RSAPrivateKey.generate()
        let claims = Claims(iss: "3MVG9…", exp: 1_800_000_000)
        let token = try JSONWebToken.sign(claims, with: RSAPrivateKey(pem: key.privatePEM))
        XCTAssertEqual(
            try JSONWebToken.verify(
                token, with: RSAPublicKey(pem: key.publicPEM), now: Date(timeIntervalSince1970: 1_700_000_000)), claims)
    }

    func testRefusesOtherKeys() throws {
        for pem in [
            "", "no key", try fixture("rfc7515-a2-public.pem"), try fixture("encrypted.pem"), try fixture("ec.pem"),
        ] {
            XCTAssertThrowsError(try RSAPrivateKey(pem: pem)) { error in
                XCTAssertEqual((error as? CryptographyError)?.code, .invalidKey)
            }
        }
        XCTAssertEqual("\(try RSAPrivateKey(pem: fixture("rfc7515-a2.pem")))", "RSAPrivateKey")
    }

    private func assertRefused(
        _ code: CryptographyError.Code, line: UInt = #line, _ body: () throws -> Claims
    ) {
        XCTAssertThrowsError(try body(), line: line) { error in
            XCTAssertEqual((error as? CryptographyError)?.code, code, line: line)
        }
    }
}
