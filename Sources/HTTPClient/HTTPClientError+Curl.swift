import CCurl

extension HTTPClientError {
    /// An error whose message is the host and the code's own sentence.
    init(_ code: Code, host: String, mayHaveReachedServer: Bool = false) {
        self.init(code, "\(host): \(code.reason)", mayHaveReachedServer: mayHaveReachedServer)
    }
}

extension HTTPClientError.Code {
    /// The meaning of a result of libcurl. `hasSent` tells a connection that broke from one that never stood.
    init(_ result: CURLcode, hasSent: Bool) {
        switch result {
        case CURLE_COULDNT_CONNECT: self = .cannotConnect
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_FILESIZE_EXCEEDED: self = .bodyTooLarge
        case CURLE_URL_MALFORMAT: self = .invalidRequest
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR:
            self = .tls
        // HTTP/0.9, which a server that speaks something else looks like, is an unsupported protocol to libcurl.
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            self = .invalidResponse
        default: self = hasSent ? .connectionLost : .cannotConnect
        }
    }

    fileprivate var reason: String {
        switch self {
        case .invalidRequest: "the request cannot be sent as it is"
        case .resolve: "the host's name has no address"
        case .cannotConnect: "nothing answers at this address"
        case .addressRefused: "only public addresses may be connected to here"
        case .tls: "the server's certificate or encryption is not good"
        case .timeout: "no response in time"
        case .connectionLost: "the connection ended before the response was complete"
        case .invalidResponse: "the answer is no HTTP response"
        case .bodyTooLarge: "the response's body is too large"
        case .cancelled: "the request was cancelled"
        case .closed: "the client was closed"
        }
    }
}
