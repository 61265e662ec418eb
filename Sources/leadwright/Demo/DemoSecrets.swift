import CRM
import Cryptography
import Foundation
import JSON

/// The secrets that the demo makes up for one run: they are in the stand-ins and in the environment of `apply`.
struct DemoSecrets {
    /// For `LEADWRIGHT_KEY`.
    let installationKey: String
    private let token: String
    private let salesforceKey: RSAPrivateKey
    private let salesforcePrivatePEM: String
    private let salesforcePublicPEM: String

    init() throws {
        var random = SystemRandomNumberGenerator()
        func bytes(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }) }
        installationKey = bytes(32).hexadecimal
        token = bytes(24).hexadecimal
        salesforceKey = try RSAPrivateKey.generate()
        salesforcePrivatePEM = try salesforceKey.privatePEM
        salesforcePublicPEM = try salesforceKey.publicPEM
    }

    /// How a tenant's stand-in is configured: where its webhooks go, whom it trusts, and a network that sends some
    /// deliveries twice.
    func settings(for tenant: DemoTenant, webhook: String, gateway: String) -> JSONValue {
        let delivery: JSONValue = ["duplicates": 0.1, "retry_seconds": [0.5, 1, 2, 4, 8]]
        switch tenant.system {
        case .hubspot:
            return ["target_url": .string(webhook), "access_token": .string("pat-\(token)"),
                "client_secret": .string("client-\(token)"), "delivery": delivery]
        case .salesforce:
            return ["target_url": .string("\(webhook)?secret=hook-\(token)"), "public_key": .string(salesforcePublicPEM),
                "consumer_key": .string("consumer-\(token)"), "delivery": delivery]
        case .zapier:
            return ["target_url": .string(webhook), "gateway_url": .string(gateway),
                "api_key": .string("key-\(token)"), "delivery": delivery]
        }
    }
}
