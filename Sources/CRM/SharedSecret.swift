import Cryptography
import Foundation
import HTTPTypes

/// A secret that a system without signatures sends along, in whichever place it can.
package struct SharedSecret {
    private let secret: Data

    /// The secret to look for; an empty one is never presented.
    package init(_ secret: String) { self.secret = Data(secret.utf8) }

    /// Whether the delivery carries the secret: in the header `X-API-Key`, as a bearer token, as the password of Basic
    /// authentication, as the value of a query parameter, or as a segment of the path. Each candidate is compared in
    /// constant time.
    package func isPresented(by delivery: Delivery) -> Bool {
        guard !secret.isEmpty else { return false }
        return candidates(delivery).reduce(false) { constantTimeEqual(Data($1.utf8), secret) || $0 }
    }

    private func candidates(_ delivery: Delivery) -> [String] {
        let request = HTTPRequest(delivery.method, delivery.uri)
        let segments = request.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        var candidates = segments + request.query.map(\.value)
        if let key = delivery.headers["X-API-Key"] { candidates.append(key) }
        let authorization = delivery.headers["Authorization"]?.split(separator: " ", maxSplits: 1) ?? []
        guard authorization.count == 2 else { return candidates }
        switch authorization[0].lowercased() {
        case "bearer": candidates.append(String(authorization[1]))
        case "basic":
            let pair = Data(base64Encoded: String(authorization[1])).map { String(decoding: $0, as: UTF8.self) }
            if let pair, let colon = pair.firstIndex(of: ":") {
                candidates.append(String(pair[pair.index(after: colon)...]))
            }
        default: break
        }
        return candidates
    }
}
