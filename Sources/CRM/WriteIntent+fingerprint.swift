import Cryptography
import JSON

extension WriteIntent {
    /// The content's SHA-256 in hexadecimal, over its canonical JSON: equal for equal content, whatever the order of
    /// its parts. It stands beside the text in the CRM, so that "did we write this?" needs no copy of the text.
    public var fingerprint: String {
        Hash.sha256(JSONValue.object(content.mapValues(JSONValue.string)).canonicalData).hexadecimal
    }
}
