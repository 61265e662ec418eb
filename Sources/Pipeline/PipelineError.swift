/// Why a worker's stage could not do its job, or a question about a lead has no answer, when it was neither the CRM's nor
/// the database's fault.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// The job's payload is not what its stage expects; it was made by another version.
        case malformedJob = "malformed_job"
        /// Several leads fit what was asked for.
        case ambiguous
        /// What the job is about, or what was asked for, is not there.
        case missing
        /// The tenant or connection that the job is for was taken away meanwhile: nobody wants it any more.
        case withdrawn
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong and what to do next; no personal data.
    public let message: String
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// The job's payload is not what this version puts into such a job.
    static let foreignPayload = PipelineError(
        .malformedJob, "its payload is not what this version puts into such a job")

    public var description: String { "\(code.rawValue): \(message)" }
}
