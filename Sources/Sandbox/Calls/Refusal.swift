package import HTTPTypes

/// Ends the handling of a call early with an answer that says why, in the form of the system that is stood in for.
package struct Refusal: Error, Sendable {
    /// What the caller gets.
    package let response: HTTPResponse

    package init(_ response: HTTPResponse) { self.response = response }
}
