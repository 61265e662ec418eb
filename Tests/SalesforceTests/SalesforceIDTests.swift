import Salesforce
import XCTest

final class SalesforceIDTests: XCTestCase {
    /// Published pairs, and ids of the fixtures.
    func testCompletesIds() throws {
        for (short, suffix) in [
            ("00Q1N00000bS2eO", "UAS"), ("00190000001pPvH", "AAU"), ("00D7Q000000PubL", "UAS"),
            ("0067Q00000Opp01", "QAB"), ("0PK7Q000000Ind1", "WAC"),
        ] {
            XCTAssertEqual(SalesforceID(short)?.text, short + suffix)
            XCTAssertEqual(SalesforceID(short + suffix)?.text, short + suffix)
            XCTAssertTrue(SalesforceID.same(short, short + suffix))
        }
        XCTAssertFalse(SalesforceID.same("00Q1N00000bS2eO", "00Q1N00000bS2eo"))
        for text in ["", "00Q", "00Q1N00000bS2e*", "00Q1N00000bS2eOUA", "00Q1N00000bS2eÖ"] {
            XCTAssertNil(SalesforceID(text), text)
        }
    }
}
