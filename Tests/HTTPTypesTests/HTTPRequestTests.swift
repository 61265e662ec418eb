import HTTPTypes
import XCTest

final class HTTPRequestTests: XCTestCase {
    func testPath() {
        let paths = [
            "/webhooks/acme": "/webhooks/acme",
            "/a%2Fb//c/?x=1": "/a%2Fb//c/",
            "/": "/",
            "https://api.example.com/v3/x?y=/z": "/v3/x",
            "https://api.example.com": "/",
            "https://api.example.com?x=/y": "/",
            "/go?to=https://other.example/path": "/go",
            "/go/https://other.example/path": "/go/https://other.example/path",
            "/page#part": "/page",
            "*": "*",
        ]
        for (target, path) in paths { XCTAssertEqual(HTTPRequest("GET", target).path, path, target) }
    }

    func testQuery() {
        let query = HTTPRequest("GET", "/x?a=1&b=two%20words&b=c+d&flag&=empty&e=%C3%A9#f").query
        XCTAssertEqual(query.map(\.name), ["a", "b", "b", "flag", "", "e"])
        XCTAssertEqual(query.map(\.value), ["1", "two words", "c d", "", "empty", "é"])
        XCTAssertTrue(HTTPRequest("GET", "/x").query.isEmpty)
        XCTAssertTrue(HTTPRequest("GET", "/x?").query.isEmpty)
    }

    func testResponses() {
        XCTAssertTrue(HTTPResponse(status: 204).isSuccess)
        XCTAssertFalse(HTTPResponse(status: 302).isSuccess)
        let response = HTTPResponse(status: 200, contentType: "text/plain", text: "hé")
        XCTAssertEqual(response.headers["content-type"], "text/plain")
        XCTAssertEqual(response.body.count, 3)
    }
}
