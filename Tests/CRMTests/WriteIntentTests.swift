import CRM
import Foundation
import XCTest

final class WriteIntentTests: XCTestCase {
    func testFingerprintDependsOnTheContentAlone() {
        let lead = LeadIdentity(system: .hubspot, account: "1", objectType: "contact", objectID: "151")
        func intent(_ id: String, _ content: [String: String]) -> WriteIntent {
            WriteIntent(
                id: id, lead: lead, target: "leadwright", content: content, kind: "nurture_email", stage: .lead,
                generatedAt: Date(timeIntervalSince1970: 0))
        }
        let first = intent("a", ["subject": "A quieter rollout", "body": "Åsa – 東/\n"])
        XCTAssertEqual(
            first.fingerprint, intent("b", ["body": "Åsa – 東/\n", "subject": "A quieter rollout"]).fingerprint)
        XCTAssertNotEqual(first.fingerprint, intent("a", ["subject": "A quieter rollout", "body": "Åsa"]).fingerprint)
        // printf '{"body":"b","subject":"a"}' | sha256sum
        XCTAssertEqual(
            intent("a", ["subject": "a", "body": "b"]).fingerprint,
            "f411b127dce15b9635d552a6fb71d00ef5826da131e46781e62b5e84e19377ec")
    }
}
