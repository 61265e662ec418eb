import Cryptography
import Foundation
import JSON

extension WriteIntent {
    /// The content's SHA-256 in hexadecimal, over its canonical JSON: equal for equal content, whatever the order of
    /// its parts. It stands beside the text in the CRM, so that "did we write this?" needs no copy of the text.
    public var fingerprint: String {
        Hash.sha256(JSONValue.object(content.mapValues(JSONValue.string)).canonicalData).hexadecimal
    }
}

extension String {
    /// Whether a text read back from a CRM is the one that was written: CRMs trim texts and write line ends their own
    /// way, and that is no change.
    package func isStoredForm(of written: String) -> Bool { normalForm == written.normalForm }

    private var normalForm: String {
        replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
