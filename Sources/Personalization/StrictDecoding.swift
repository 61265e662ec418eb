/// An object of the declaration files: every key it does not know is an error, so that a misspelt `"variant"` is found
/// when it is applied and not when a lead gets the wrong text.
package protocol StrictlyDecoded: Codable {
    associatedtype CodingKeys: CodingKey & CaseIterable
}

extension StrictlyDecoded {
    /// Every key that the decoder accepts; the published schema must have the same.
    package static var declaredKeys: [String] { CodingKeys.allCases.map(\.stringValue).sorted() }
}

extension Decoder {
    /// The object's container, after a look at all keys that stand there.
    ///
    /// - Throws: `DecodingError.dataCorrupted` at the object's path; the text names the key and those that are known.
    package func strictContainer<Keys: CodingKey & CaseIterable>(_ keys: Keys.Type) throws
        -> KeyedDecodingContainer<Keys>
    {
        let known = keys.allCases.map(\.stringValue)
        let all = try container(keyedBy: AnyKey.self)
        for key in all.allKeys.map(\.stringValue).sorted() where !known.contains(key) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath,
                    debugDescription: "unknown key \"\(key)\"; known are \(known.sorted().joined(separator: ", "))"))
        }
        return try container(keyedBy: keys)
    }
}

/// A key that may be any text.
package struct AnyKey: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
}

/// One thing that is wrong in a declaration, and where.
public struct DeclarationProblem: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The place by JSON path from the declaration's root: `scaffold[1].pieces[2].default`.
    public let path: String
    /// What is wrong and what to do.
    public let message: String

    /// Creates a problem.
    public init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    /// Puts what a decoder met into words.
    package init(_ error: any Error) {
        guard let error = error as? DecodingError else {
            self.init("", "\(error)")
            return
        }
        switch error {
        case .keyNotFound(let key, let context):
            self.init(Self.path(context.codingPath), "\"\(key.stringValue)\" is missing; add it")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            self.init(Self.path(context.codingPath), context.debugDescription)
        @unknown default:
            self.init("", "not readable")
        }
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined().drop { $0 == "." }
            .description
    }
}
