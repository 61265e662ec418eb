import CRM
import Personalization
import Pipeline
import XCTest

final class WritePermissionTests: XCTestCase {
    private let identity = LeadIdentity(system: .hubspot, account: "1", objectType: "contact", objectID: "151")

    private func reading(_ consent: Consent) -> LeadReading {
        .found(LeadRecord(identity: identity, fields: [:], stage: .lead, nativeStage: "lead", consent: consent))
    }

    func testOnlyConsentAtTheLastMomentAllowsTheWrite() {
        func permission(optedOut: Bool = false, erased: Bool = false, _ reading: LeadReading) -> WritePermission {
            WritePermission(optedOut: optedOut, erased: erased, reading: reading)
        }
        XCTAssertEqual(permission(reading(.granted)), .granted(identity))
        XCTAssertEqual(permission(reading(.refused("hs_email_optout"))), .denied(.optedOut, detail: "hs_email_optout"))
        XCTAssertEqual(permission(reading(.unknown("no field"))), .denied(.noConsent, detail: "no field"))
        XCTAssertEqual(permission(optedOut: true, reading(.granted)), .denied(.optedOut, detail: "an event said so"))
        XCTAssertEqual(permission(erased: true, reading(.granted)), .denied(.gone, detail: "erased"))
        XCTAssertEqual(permission(.gone), .denied(.gone, detail: "the record no longer exists"))
        // Who was followed to the end stands for no other record.
        XCTAssertEqual(
            permission(.merged(into: identity)), .denied(.gone, detail: "the record no longer exists"))
    }
}
