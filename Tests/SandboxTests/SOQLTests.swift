import Foundation
import HTTPTypes
import JSON
import Sandbox
import XCTest

final class SOQLTests: XCTestCase {
    private var org = SalesforceOrg()

    override func setUp() {
        org = SalesforceOrg()
        let leads: [JSONValue] = [
            ["last_name": "Åkesson", "company": "Fjord", "email": "mira@fjord.example", "consent": false],
            ["last_name": "O'Neil", "company": "Fell", "email": "sean@fell.example", "stage": "Working - Contacted"],
            ["last_name": "Zander", "company": "fjord", "fields": ["Description": "100% sure"]],
        ]
        org.administer("POST", "leads", ["leads": .array(leads)])
    }

    private func run(_ query: String) -> Answer {
        let form =
            "grant_type=client_credentials&client_id=sandbox-salesforce-consumer-key"
            + "&client_secret=sandbox-salesforce-consumer-secret"
        let login = HTTPRequest("POST", "/services/oauth2/token", body: Data(form.utf8))
        let token = (try? JSONValue(parsing: org.answer(login, now: Clock.start).response.body))?["access_token"]
        return org.call(
            "GET", "/services/data/v67.0/query?q=\(FormEncoding.percentEncode(query))",
            headers: ["Authorization": "Bearer \(token?.string ?? "")"])
    }

    private func names(_ condition: String) -> [String] {
        (run("SELECT LastName FROM Lead \(condition)").body["records"]?.array ?? []).compactMap {
            $0["LastName"]?.string
        }
    }

    func testConditions() {
        XCTAssertEqual(names("WHERE Company = 'FJORD'"), ["Åkesson", "Zander"])
        XCTAssertEqual(names("where company = 'Fjord' and hasoptedoutofemail = true"), ["Åkesson"])
        XCTAssertEqual(names(#"WHERE LastName = 'O\'Neil'"#), ["O'Neil"])
        XCTAssertEqual(names("WHERE Email = null"), ["Zander"])
        XCTAssertEqual(names("WHERE Email != null AND (Company = 'Fell' OR Company = 'x')"), ["O'Neil"])
        XCTAssertEqual(names("WHERE NOT Company = 'Fjord'"), ["O'Neil"])
        XCTAssertEqual(names("WHERE LastName IN ('Zander', 'X')"), ["Zander"])
        XCTAssertEqual(names("WHERE LastName NOT IN ('Zander', 'X')"), ["Åkesson", "O'Neil"])
        XCTAssertEqual(names("WHERE Email LIKE '%@F___.example'"), ["O'Neil"])
        XCTAssertEqual(
            names("WHERE CreatedDate >= 2026-11-19T14:53:20Z AND CreatedDate < 2026-11-20T00:00:00Z").count, 3)
        XCTAssertEqual(names("WHERE CreatedDate > 2026-11-19T14:53:20.000+0000"), [])
    }

    func testOrderLimitAndOffset() {
        XCTAssertEqual(names("ORDER BY LastName DESC LIMIT 2"), ["Zander", "O'Neil"])
        XCTAssertEqual(names("ORDER BY Email NULLS LAST, LastName OFFSET 1"), ["O'Neil", "Zander"])
        XCTAssertEqual(run("SELECT COUNT() FROM Lead").body["totalSize"], 3)
    }

    func testMistakesAreNamed() {
        for (query, code) in [
            ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
            ("SELECT Id FROM Lead WHERE Name = 'x", "MALFORMED_QUERY"),
            ("SELECT Id Name FROM Lead", "MALFORMED_QUERY"), ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY"),
            ("SELECT Id FROM Lead WHERE Name ~ 'x'", "MALFORMED_QUERY"), ("SELECT Nope FROM Lead", "INVALID_FIELD"),
            ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD"),
            ("SELECT Nope__r.Id FROM Lead", "INVALID_FIELD"), ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ] {
            let answer = run(query)
            XCTAssertEqual(answer.status, 400, query)
            XCTAssertEqual(answer.body[0]?["errorCode"]?.string, code, query)
        }
    }
}
