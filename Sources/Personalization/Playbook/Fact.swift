/// A statement that texts may rest on. Its wording is the tenant's; nothing else may be claimed.
public struct Fact: Sendable, Hashable {
    /// The name by which scaffolds use it.
    public var id: String
    /// The statement, one sentence.
    public var text: String

    /// Creates a fact.
    public init(id: String, text: String) {
        self.id = id
        self.text = text
    }
}

extension Fact: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case id, text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            id: try container.decode(String.self, forKey: .id), text: try container.decode(String.self, forKey: .text))
    }
}
