import CCurl
import Foundation
import HTTPTypes
import Synchronization

/// One request on its way through libcurl, and what has come back of its response.
///
/// `@unchecked Sendable`: it is made on the sender's thread and then used on the loop's alone, except for
/// `isCancelled`, which is atomic.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    let host: String
    let timeout: Duration
    let configuration: HTTPClientConfiguration
    let isCancelled = Atomic(false)

    private(set) var easy: OpaqueHandle?
    /// The request's fields as libcurl reads them, until the end of the transfer.
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var responseFields: [(name: String, value: String)] = []
    private var isHeadComplete = false
    private var body = Data()
    private var isBodyTooLarge = false
    private var isAddressRefused = false
    private var attempts = 0
    private var continuation: CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>?

    typealias OpaqueHandle = UnsafeMutableRawPointer

    init(_ request: HTTPRequest, timeout: Duration, configuration: HTTPClientConfiguration) throws(HTTPClientError) {
        self.request = request
        self.timeout = timeout
        self.configuration = configuration
        host = try request.validatedHost()
    }

    /// Makes the handle for libcurl. Until `complete`, self must be kept alive: the handle points to it.
    func start(_ continuation: CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>) -> OpaqueHandle? {
        self.continuation = continuation
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        // Unretained: the loop holds every running transfer until libcurl has let go of the handle.
        let me = Unmanaged.passUnretained(self).toOpaque()
        fields = TransferOptions(request: request, timeout: timeout, configuration: configuration).set(on: easy)
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, me)
        ccurl_set_on_body(easy) { bytes, size, count, me in
            Transfer.of(me).receivedBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, me)
        ccurl_set_on_header(easy) { bytes, size, count, me in
            Transfer.of(me).receivedLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, me)
        ccurl_set_on_socket(easy) { me, _, address in Transfer.of(me).openSocket(address) }
        ccurl_set_pointer(easy, CURLOPT_PREREQDATA, me)
        ccurl_set_on_request(easy) { me, _, _, _, _ in Transfer.of(me).willSend() }
        return easy
    }

    /// Ends the transfer with libcurl's result, or with `error` when it was given up, and frees the handle.
    func complete(_ result: CURLcode, givenUp code: HTTPClientError.Code? = nil) {
        let outcome: Result<HTTPResponse, HTTPClientError>
        if code == nil, result == CURLE_OK {
            outcome = .success(HTTPResponse(status: status, headers: HTTPHeaders(responseFields), body: body))
        } else {
            outcome = .failure(error(result, givenUp: code))
        }
        if let easy { curl_easy_cleanup(easy) }
        easy = nil
        curl_slist_free_all(fields)
        fields = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    // MARK: libcurl's calls

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> Transfer {
        guard let pointer else { preconditionFailure("libcurl gives back the pointer that it was given") }
        return Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func receivedBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count <= configuration.maximumBodyBytes - body.count else {
            isBodyTooLarge = true
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func receivedLine(_ bytes: UnsafeRawBufferPointer) -> Int {
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            // A final response after an interim one starts over.
            responseFields = []
            isHeadComplete = false
        } else if line.isEmpty {
            isHeadComplete = true
        } else if !isHeadComplete, let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            responseFields.append((name: String(line[..<colon]), value: value))
        }
        return bytes.count
    }

    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address else { return CCURL_SOCKET_BAD }
        guard configuration.allowPrivateAddresses || Self.isPublic(address) else {
            isAddressRefused = true
            return CCURL_SOCKET_BAD
        }
        // Not inherited by the processes that this one starts.
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.protocol)
    }

    /// libcurl is about to send the request on a connection that stands.
    ///
    /// When a kept connection breaks without an answer, libcurl sends the request again on a new one, whatever its
    /// method. A write that the server may have carried out must not be sent twice without asking, so the second
    /// attempt is refused and the caller learns that the result is unknown.
    private func willSend() -> Int32 {
        attempts += 1
        let isRepeatable = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(request.method)
        return attempts == 1 || isRepeatable ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    private static func isPublic(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        // curl_sockaddr ends in a sockaddr, behind which libcurl keeps room for the family's own struct. Its length
        // says how much of that is there, and no more is read.
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return false }
        let raw = UnsafeRawPointer(address) + offset
        switch (address.pointee.family, Int(address.pointee.addrlen)) {
        case (AF_INET, MemoryLayout<sockaddr_in>.size...):
            let v4 = raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            return AddressPolicy.isPublic(v4: UInt32(bigEndian: v4))
        case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
            var v6 = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return AddressPolicy.isPublic(v6: withUnsafeBytes(of: &v6) { Array($0) })
        default:
            return false
        }
    }

    // MARK: The end

    private var status: Int { easy.map { Self.long($0, CURLINFO_RESPONSE_CODE) } ?? 0 }

    private static func long(_ easy: OpaqueHandle, _ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(easy, info, &value)
        return value
    }

    private func error(_ result: CURLcode, givenUp: HTTPClientError.Code?) -> HTTPClientError {
        // libcurl counts here what the socket has taken of the request.
        let hasSent = easy.map { Self.long($0, CURLINFO_REQUEST_SIZE) > 0 } ?? false
        let code: HTTPClientError.Code
        if let givenUp {
            code = givenUp
        } else if isBodyTooLarge {
            code = .bodyTooLarge
        } else if isAddressRefused, result == CURLE_COULDNT_CONNECT {
            code = .addressRefused
        } else {
            code = HTTPClientError.Code(result, hasSent: hasSent)
        }
        return HTTPClientError(code, host: host, mayHaveReachedServer: hasSent)
    }
}
