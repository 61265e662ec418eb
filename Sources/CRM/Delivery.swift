public import Foundation
public import HTTPTypes

/// One HTTP request that a CRM made to us, as it arrived.
public struct Delivery: Sendable, Hashable {
    /// The method in capitals.
    public var method: String
    /// The full address the system was told to call, with the query as it came.
    public var uri: String
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body, byte for byte.
    public var body: Data
    /// When it arrived.
    public var receivedAt: Date

    /// Creates a delivery.
    public init(method: String, uri: String, headers: HTTPHeaders, body: Data, receivedAt: Date) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
    }
}

/// Whether a delivery comes from whom it claims to come.
public enum DeliveryVerdict: Sendable, Hashable {
    /// Its signature or secret is right.
    case authentic
    /// It is refused; the reason is for the operator and holds no secret: `signature does not match`.
    case refused(String)
}

/// How one system's deliveries are checked, read and answered. Pure: no input or output.
public protocol WebhookReader: Sendable {
    /// Checks signature, age or shared secret. The comparison takes the same time whatever differs.
    func verify(_ delivery: Delivery) -> DeliveryVerdict

    /// Reads the events of a verified delivery. An element that makes no sense becomes an `unknown` event with a
    /// note, so that it never costs its neighbours.
    ///
    /// - Throws: ``CRMError`` with code `malformedDelivery` when the body is not JSON, XML or a form; the message
    ///   names the place.
    func parse(_ delivery: Delivery) throws(CRMError) -> [CRMEvent]

    /// The answer that the system expects once the events are committed.
    func acknowledgement(of events: [CRMEvent]) -> HTTPResponse
}
