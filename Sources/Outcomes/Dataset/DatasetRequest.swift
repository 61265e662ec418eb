public import Foundation

/// The shapes in which data sets are written, as Hugging Face TRL reads them.
public enum DatasetFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// Supervised fine-tuning: `{"prompt","completion"}`, texts to follow only.
    case sft
    /// Kahneman-Tversky optimisation: `{"prompt","completion","label"}`, good and bad texts, no pairs needed.
    case kto
}

/// Which examples to export.
public struct DatasetRequest: Sendable, Hashable {
    /// The tenant's name.
    public var tenant: String
    /// The shape.
    public var format: DatasetFormat
    /// Examples from this moment on, by the time of their first outcome.
    public var since: Date
    /// Examples before this moment.
    public var until: Date

    /// Creates a request.
    public init(tenant: String, format: DatasetFormat, since: Date, until: Date) {
        self.tenant = tenant
        self.format = format
        self.since = since
        self.until = until
    }
}
