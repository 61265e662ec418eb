public import Foundation

/// What stands beside a data set, so that anyone can tell what it holds and whether it is whole.
public struct DatasetManifest: Sendable, Hashable, Codable {
    /// A span of time; the end is not part of it.
    public struct Window: Sendable, Hashable, Codable {
        public let since: Date
        public let until: Date
    }

    /// How many rows of each label.
    public struct Labels: Sendable, Hashable, Codable {
        public internal(set) var good = 0
        public internal(set) var bad = 0
    }

    /// Whose texts are left out, and how many were.
    public struct ConsentFilter: Sendable, Hashable, Codable {
        public let rule: String
        public let excluded: Int
    }

    /// One version of a playbook, with its rows.
    public struct PlaybookRows: Sendable, Hashable, Codable {
        public let name: String
        public let version: Int
        public let rows: Int
    }

    /// The tenant's name.
    public let tenant: String
    /// The shape of the rows.
    public let format: DatasetFormat
    /// The data file beside the manifest.
    public let file: String
    /// Its rows.
    public let rows: Int
    /// Its SHA-256 in hexadecimal.
    public let sha256: String
    /// The examples' time.
    public let window: Window
    /// The rows by label.
    public let labels: Labels
    /// Whose texts are left out.
    public let consentFilter: ConsentFilter
    /// The playbooks that made the texts.
    public let playbooks: [PlaybookRows]
    /// The models that made the texts, by SHA-256, with their rows.
    public let models: [String: Int]
    /// When the data set was written.
    public let createdAt: Date

    private enum CodingKeys: String, CodingKey {
        case tenant, format, file, rows, sha256, window, labels, playbooks, models
        case consentFilter = "consent_filter"
        case createdAt = "created_at"
    }

    /// The manifest as it is written: JSON with sorted keys, times in ISO 8601.
    public var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            return try encoder.encode(self)
        }
    }
}
