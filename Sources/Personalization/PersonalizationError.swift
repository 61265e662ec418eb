/// Why a playbook cannot be used, or not for this lead.
public struct PersonalizationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// A template has an unclosed brace or an unknown placeholder.
        case malformedTemplate = "malformed_template"
        /// A duration is not ISO 8601, or has no fixed length.
        case malformedDuration = "malformed_duration"
        /// A placeholder names a fact or a call to action that nobody declared.
        case unknownReference = "unknown_reference"
        /// The lead lacks a field that the text cannot do without; `field` names it.
        case incompleteLead = "incomplete_lead"
        /// The model's output does not belong to this scaffold.
        case foreignOutput = "foreign_output"
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong and what to do; never a lead's data.
    public let message: String
    /// The lead field that is missing, by Leadwright's name.
    public let field: String?

    /// Creates an error.
    public init(_ code: Code, _ message: String, field: String? = nil) {
        self.code = code
        self.message = message
        self.field = field
    }

    public var description: String { "\(code.rawValue): \(message)" }

    static func missing(_ field: String) -> Self {
        Self(.incompleteLead, "lead field \"\(field)\" is empty, and the text has no \"else\" for it", field: field)
    }
}
