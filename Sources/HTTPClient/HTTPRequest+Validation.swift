import Foundation
import HTTPTypes

extension HTTPRequest {
    /// The host and port that the request goes to.
    ///
    /// - Throws: `.invalidRequest` for what libcurl would send in another meaning than was intended: other schemes,
    ///   credentials in the URL, line breaks in fields.
    func validatedHost() throws(HTTPClientError) -> String {
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let scheme = target.range(of: "://"),
            ["http", "https"].contains(target[..<scheme.lowerBound].lowercased())
        else { throw HTTPClientError(.invalidRequest, "the target is no http or https URL in ASCII") }
        let authority = target[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else {
            throw HTTPClientError(.invalidRequest, "the URL has no host, or credentials; put those into a header field")
        }
        let isToken: (String) -> Bool = { !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A } }
        let isLine: (String) -> Bool = { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }
        guard isToken(method), headers.fields.allSatisfy({ isToken($0.name) && isLine($0.value) })
        else { throw HTTPClientError(.invalidRequest, "\(authority): a line break in the method or a header field") }
        return String(authority)
    }
}
