import Foundation
import JSON

/// Outbound messages: SOAP, up to 100 notifications in one envelope.
extension SalesforceOrg {
    /// Queues a notification about a record.
    mutating func notify(_ object: SalesforceObject, _ record: SalesforceRecord) {
        send(.outbound(notification: nextID(prefix: "04l"), object: object.name, record: record.id))
    }

    /// The envelope around notifications of one object. Records are read now: what changed since the notification
    /// was queued shows, and a record that was deleted since has its id only.
    func envelope(_ messages: [SalesforceMessage]) -> String {
        let organization = settings.organizationID
        let action = SalesforceIdentifier.canonical("04k7Q000000ActN") ?? ""
        let endpoint = "\(address)/services/Soap"
        let notifications = messages.map(notification).joined()
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
             <soapenv:Body>
              <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
               <OrganizationId>\(organization)</OrganizationId>
               <ActionId>\(action)</ActionId>
               <SessionId xsi:nil="true"/>
               <EnterpriseUrl>\(endpoint)/c/67.0/\(organization.prefix(15))</EnterpriseUrl>
               <PartnerUrl>\(endpoint)/u/67.0/\(organization.prefix(15))</PartnerUrl>
            \(notifications)  </notifications>
             </soapenv:Body>
            </soapenv:Envelope>

            """
    }

    private func notification(_ message: SalesforceMessage) -> String {
        guard case .outbound(let notification, let object, let id) = message else { return "" }
        let record = tables[object]?.records[id].flatMap { $0.isDeleted ? nil : $0 }
        let selected = object == "Opportunity" ? settings.outboundOpportunityFields : settings.outboundLeadFields
        let fields = selected.sorted().compactMap { name -> String? in
            guard let value = (record?.fields[name]).map(Self.wireValue)?.scalarText, !value.isEmpty else { return nil }
            return "     <sf:\(name)>\(Self.escaped(value))</sf:\(name)>\n"
        }
        return """
               <Notification>
                <Id>\(notification)</Id>
                <sObject xsi:type="sf:\(object)" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
                 <sf:Id>\(id)</sf:Id>
            \(fields.joined())    </sObject>
               </Notification>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
