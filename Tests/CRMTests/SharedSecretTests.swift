import CRM
import Foundation
import HTTPTypes
import XCTest

final class SharedSecretTests: XCTestCase {
    private func delivery(_ uri: String = "https://gateway.example.com/webhooks/acme", _ headers: HTTPHeaders = [:])
        -> Delivery
    {
        Delivery(method: "POST", uri: uri, headers: headers, body: Data(), receivedAt: Date())
    }

    func testIsFoundWhereverTheSystemCanPutIt() {
        let secret = SharedSecret("s3cret/+")
        let basic = Data("leadwright:s3cret/+".utf8).base64EncodedString()
        for delivery in [
            delivery("https://gateway.example.com/webhooks/acme/s3cret%2F%2B"),
            delivery("https://gateway.example.com/webhooks/acme?key=s3cret%2F%2B"),
            delivery("https://gateway.example.com/webhooks/acme", ["x-api-key": "s3cret/+"]),
            delivery("https://gateway.example.com/webhooks/acme", ["Authorization": "Bearer s3cret/+"]),
            delivery("https://gateway.example.com/webhooks/acme", ["Authorization": "basic \(basic)"]),
        ] {
            XCTAssertTrue(secret.isPresented(by: delivery), "\(delivery.uri) \(delivery.headers)")
        }
    }

    func testAnythingElseIsRefused() {
        for delivery in [
            delivery(), delivery("https://gateway.example.com/webhooks/acme?key=s3cret"),
            delivery("https://s3cret.example.com/", ["X-API-Key": "s3cret "]),
            delivery("https://gateway.example.com/", ["Authorization": "Digest s3cret!"]),
        ] {
            XCTAssertFalse(SharedSecret("s3cret!").isPresented(by: delivery))
        }
        XCTAssertFalse(SharedSecret("").isPresented(by: delivery("https://gateway.example.com/?key=")))
    }
}
