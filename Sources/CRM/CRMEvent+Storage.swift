import Foundation

extension CRMEvent {
    /// The event as JSON for the database; times are milliseconds since 1970.
    public var storedText: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .millisecondsSince1970
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Reads what ``storedText`` wrote.
    public init(storedText: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .millisecondsSince1970
        self = try decoder.decode(CRMEvent.self, from: Data(storedText.utf8))
    }
}
