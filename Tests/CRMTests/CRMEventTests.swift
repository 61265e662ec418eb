import CRM
import Foundation
import XCTest

final class CRMEventTests: XCTestCase {
    private static let full = CRMEvent(
        kind: .stageChanged, objectType: "contact", objectID: "151",
        lead: LeadIdentity(system: .hubspot, account: "8112233", objectType: "contact", objectID: "151"),
        property: "lifecyclestage", value: "\"quoted\" \\ and\n\u{1F44B}",
        occurredAt: Date(timeIntervalSince1970: 1_795_104_000.123), dedupeKey: "8112233:3101:1", causedByUs: true,
        attempt: 3, needsLookup: true, fields: ["email": "mira@fjord.example"], details: ["note": "x"])

    func testWhatIsStoredComesBack() throws {
        let bare = CRMEvent(
            kind: .unknown, objectType: "", objectID: "", lead: nil, occurredAt: Date(timeIntervalSince1970: -1.5),
            dedupeKey: "")
        for event in [Self.full, bare] { XCTAssertEqual(try CRMEvent(storedText: event.storedText), event) }
    }

    /// Events that were stored by `JSONEncoder` are read for ever.
    func testItIsTheFormThatCodableWrites() throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .millisecondsSince1970
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .millisecondsSince1970
        let written = try JSONSerialization.jsonObject(with: encoder.encode(Self.full)) as? NSDictionary
        let stored = try JSONSerialization.jsonObject(with: Data(Self.full.storedText.utf8)) as? NSDictionary
        XCTAssertEqual(written, stored)
    }
}
