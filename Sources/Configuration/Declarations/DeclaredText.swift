public import Personalization

/// A text that stands in the declaration, or where to find it: `{"env": "NAME"}`, `{"file": "PATH"}`.
public enum DeclaredText: Sendable, Hashable {
    /// The text itself. Credentials may not stand there like this.
    case literal(String)
    /// An environment variable of the process that applies the declaration.
    case environment(String)
    /// A file, relative to the declaration's own; a line break at its end is not part of the text.
    case file(String)
}

extension DeclaredText: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case env, file
    }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = .literal(text)
            return
        }
        let container = try decoder.strictContainer(CodingKeys.self)
        let name = try container.decodeIfPresent(String.self, forKey: .env)
        let path = try container.decodeIfPresent(String.self, forKey: .file)
        switch (name, path) {
        case (let name?, nil): self = .environment(name)
        case (nil, let path?): self = .file(path)
        default:
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "has exactly one of \"env\" and \"file\""))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .literal(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .environment(let name):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .env)
        case .file(let path):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .file)
        }
    }
}
