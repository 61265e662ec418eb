/// Why the server does not serve.
public struct HTTPServerError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure that a caller may treat differently.
    public enum Code: Sendable, Hashable {
        /// The host is no address of this machine, or its name does not resolve.
        case badAddress
        /// Another process, or another server here, listens on that port.
        case addressInUse
        /// The system refused the socket: no permission for the port, or out of descriptors or memory.
        case cannotListen
        /// `start()` was called a second time.
        case alreadyStarted
    }

    /// What kind of failure it was.
    public let code: Code
    /// What to do next, in a sentence.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
