/// Record ids: 15 characters in which case matters, or 18 with a checksum that survives systems which ignore case.
package enum SalesforceIdentifier {
    private static let checksumAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// The id in its 18 characters; `nil` for what cannot be an id. The suffix of a given 18-character id is not
    /// trusted but made anew.
    package static func canonical(_ id: String) -> String? {
        guard [15, 18].contains(id.utf8.count), id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            return nil
        }
        let short = id.prefix(15)
        return short + checksum(short)
    }

    /// The id of the n-th record of a type: the type's prefix, the org's part, and the number to base 62.
    static func make(prefix: String, number: Int) -> String {
        var rest = number
        var tail: [Character] = []
        while tail.count < 10 {
            tail.insert(digits[rest % 62], at: 0)
            rest /= 62
        }
        let short = prefix + "7Q" + String(tail)
        return short + checksum(Substring(short))
    }

    /// Three characters, one for each five: bit p of the character's number says that position p is a capital.
    private static func checksum(_ short: Substring) -> String {
        let characters = Array(short)
        return String(
            stride(from: 0, to: 15, by: 5).map { start in
                let number = (0..<5).reduce(0) { sum, position in
                    let character = characters[start + position]
                    return character.isUppercase && character.isASCII ? sum | 1 << position : sum
                }
                return checksumAlphabet[number]
            })
    }
}
