import CRM
import Foundation

/// The body of an outbound message (SOAP guide, "Outbound Messaging"): 1 to 100 notifications in one envelope.
struct OutboundMessage {
    /// One record that a flow or rule reported.
    struct Notification {
        /// The notification's own id, the same at every attempt.
        var id: String
        /// The local part of `xsi:type`: `Lead`.
        var type: String
        /// The record's fields that were selected and are not empty.
        var fields: [String: String]
    }

    /// The organisation that says it sent this. Nothing signs it.
    var organizationID: String
    /// The outbound message's definition, by which a connection may tell several apart.
    var actionID: String
    /// The records, in order.
    var notifications: [Notification]

    /// Reads the body. Namespaces decide, prefixes are free.
    ///
    /// - Throws: `malformedDelivery` with line and column for what is not well-formed or has a document type, and for
    ///   any other document.
    init(parsing body: Data) throws(CRMError) {
        let envelope: XMLElement
        do {
            envelope = try XMLParser.parse(body)
        } catch {
            throw CRMError(.malformedDelivery, "the body is \(error)", underlying: error)
        }
        guard envelope.name == Self.soap("Envelope"),
            let message = envelope[Self.soap("Body")]?[Self.outbound("notifications")]
        else { throw CRMError(.malformedDelivery, "the body is XML, but no outbound message") }
        organizationID = Self.text(of: message[Self.outbound("OrganizationId")])
        actionID = Self.text(of: message[Self.outbound("ActionId")])
        notifications = message.children.filter { $0.name == Self.outbound("Notification") }.map(Self.notification)
        guard !notifications.isEmpty else {
            throw CRMError(.malformedDelivery, "the outbound message has no notification")
        }
    }

    private static func notification(_ element: XMLElement) -> Notification {
        let record = element[outbound("sObject")]
        let type = record?.attributes[.init(namespace: "http://www.w3.org/2001/XMLSchema-instance", local: "type")]
        var fields: [String: String] = [:]
        // Compound fields (addresses) hold elements instead of text, and are left out.
        for field in record?.children ?? [] where field.children.isEmpty && !field.text.isEmpty {
            fields[field.name.local] = field.text
        }
        return Notification(
            id: text(of: element[outbound("Id")]), type: type?.split(separator: ":").last.map(String.init) ?? "",
            fields: fields)
    }

    private static func text(of element: XMLElement?) -> String {
        (element?.text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func soap(_ name: String) -> XMLElement.Name {
        .init(namespace: "http://schemas.xmlsoap.org/soap/envelope/", local: name)
    }

    private static func outbound(_ name: String) -> XMLElement.Name {
        .init(namespace: "http://soap.sforce.com/2005/09/outbound", local: name)
    }
}
