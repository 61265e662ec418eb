import CRM
import Cryptography
import Foundation
import JSON

/// The secrets that the demo makes up for one run: they are in the stand-ins and in the environment of `apply`.
struct DemoSecrets {
    /// For `LEADWRIGHT_KEY`.
    let installationKey: String
    private let token: String
    private let salesforcePrivateKey: String
    private let salesforcePublicKey: String

    init() throws {
        installationKey = Data.random(32).hexadecimal
        token = Data.random(24).hexadecimal
        let key = try RSAPrivateKey.generate()
        salesforcePrivateKey = try key.privatePEM
        salesforcePublicKey = try key.publicPEM
    }

    /// How a tenant's stand-in is configured: where its webhooks go, whom it trusts, and a network that brings some
    /// deliveries twice.
    func settings(for tenant: DemoTenant, webhook: String, gateway: String) -> JSONValue {
        var settings: [String: JSONValue] =
            switch tenant.system {
            case .hubspot: ["access_token": .string(token), "client_secret": .string(token)]
            case .salesforce:
                [
                    "public_key": .string(salesforcePublicKey), "consumer_key": .string(token),
                    "username": "leadwright@fashionforward.example",
                ]
            case .zapier: ["gateway_url": .string(gateway), "api_key": .string(token)]
            }
        // Salesforce signs nothing: the secret is part of the address.
        settings["target_url"] = .string(tenant.system == .salesforce ? "\(webhook)/\(token)" : webhook)
        settings["delivery"] = ["duplicates": 0.1, "retry_seconds": [0.5, 1, 2, 4, 8]]
        return .object(settings)
    }

    /// The environment in which a tenant's declarations find their addresses and secrets.
    func environment(for tenant: DemoTenant, sandbox: String, webhook: String) -> [String: String] {
        switch tenant.system {
        case .hubspot:
            [
                "HUBSPOT_BASE_URL": sandbox, "HUBSPOT_PUBLIC_URL": webhook, "HUBSPOT_ACCESS_TOKEN": token,
                "HUBSPOT_CLIENT_SECRET": token,
            ]
        case .salesforce:
            [
                "SALESFORCE_BASE_URL": sandbox, "SALESFORCE_PUBLIC_URL": webhook, "SALESFORCE_CONSUMER_KEY": token,
                "SALESFORCE_PRIVATE_KEY": salesforcePrivateKey, "SALESFORCE_WEBHOOK_SECRET": token,
            ]
        case .zapier: ["ZAPIER_PUBLIC_URL": webhook, "ZAPIER_API_KEY": token]
        }
    }
}
