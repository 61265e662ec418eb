import Foundation

/// A record's id in its 18-character form, which differs from every other id even where case is lost.
package struct SalesforceID: Hashable, Sendable {
    /// The 18 characters.
    package let text: String

    /// Reads an id of 15 characters, completing it, or of 18. The suffix of 18 is taken as it is, as Salesforce's own
    /// tools do: an id with a wrong one finds no record.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ Self.isLetterOrDigit($0) }) else { return nil }
        switch text.utf8.count {
        case 15: self.text = text + Self.suffix(of: text)
        case 18: self.text = text
        default: return nil
        }
    }

    /// The type that the first three characters name, for the types that Leadwright knows.
    var objectType: String? { Self.types[String(text.prefix(3))] }

    /// Whether two ids in either form name the same record.
    package static func same(_ a: String, _ b: String) -> Bool {
        guard let a = SalesforceID(a), let b = SalesforceID(b) else { return false }
        return a.text.prefix(15) == b.text.prefix(15)
    }

    /// Three letters, one for each five characters: the character at position p adds 2^p if it is a capital.
    private static func suffix(of id: String) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
        let capitals = id.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        return String(
            stride(from: 0, to: 15, by: 5).map { start in
                letters[(0..<5).reduce(0) { $0 + (capitals[start + $1] ? 1 << $1 : 0) }]
            })
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static let types = [
        "00Q": "Lead", "003": "Contact", "001": "Account", "006": "Opportunity", "00T": "Task", "00U": "Event",
        "005": "User", "0PK": "Individual", "02s": "EmailMessage",
    ]
}
