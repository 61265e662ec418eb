import HTTPTypes
import JSON

/// `/services/data`: the versions of the API.
extension SalesforceOrg {
    private static let newest = 67

    static let versions: JSONValue = .array(
        (60...newest).map { version in
            [
                "version": .string("\(version).0"), "label": .string("Release \(version)"),
                "url": .string("/services/data/v\(version).0"),
            ]
        })

    /// The path below the version; `nil` for the list of versions.
    func unversioned(_ path: String) throws(Refusal) -> String? {
        guard path.hasPrefix("/services/data") else { throw SalesforceProblem.notFound.refusal }
        let parts = path.split(separator: "/").dropFirst(2)
        guard let version = parts.first else { return nil }
        guard version.hasPrefix("v"), let number = Double(version.dropFirst()), number <= Double(Self.newest) else {
            throw SalesforceProblem.notFound.refusal
        }
        guard number >= 31 else {
            throw Refusal(
                .json(
                    [
                        [
                            "errorCode": "UNSUPPORTED_API_VERSION",
                            "message": "API versions below 31.0 are retired.",
                        ]
                    ], status: 410))
        }
        return "/" + parts.dropFirst().joined(separator: "/")
    }

    /// `/services/data/v67.0`, as the call's own path has it.
    func base(_ call: Call) -> String {
        "/" + call.request.path.split(separator: "/").prefix(3).joined(separator: "/")
    }
}
