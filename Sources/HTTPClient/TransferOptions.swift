import CCurl
import Foundation
import HTTPTypes

/// What libcurl has to know of one request: its line, fields, body, and the rules of its connection.
struct TransferOptions {
    let request: HTTPRequest
    let timeout: Duration
    let configuration: HTTPClientConfiguration

    /// Sets every option on a new handle.
    ///
    /// - Returns: the header fields, which libcurl reads until the transfer ends; the caller frees them then.
    func set(on easy: UnsafeMutableRawPointer) -> UnsafeMutablePointer<curl_slist>? {
        setTarget(easy)
        setConnection(easy)
        return setFields(easy)
    }

    private func setTarget(_ easy: UnsafeMutableRawPointer) {
        ccurl_set_string(easy, CURLOPT_URL, request.target)
        // The path is sent as it is written: a signature may cover it.
        ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        let mayHaveBody = !["GET", "HEAD", "DELETE", "OPTIONS"].contains(request.method)
        if request.method == "HEAD" {
            ccurl_set_long(easy, CURLOPT_NOBODY, 1)
        } else if !request.body.isEmpty || mayHaveBody {
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
            // libcurl copies, so nothing has to outlive this call.
            request.body.withUnsafeBytes { bytes in
                _ = bytes.bindMemory(to: CChar.self).baseAddress.map {
                    ccurl_set_string(easy, CURLOPT_COPYPOSTFIELDS, $0)
                }
            }
            if request.body.isEmpty { ccurl_set_string(easy, CURLOPT_COPYPOSTFIELDS, "") }
        }
        if request.method != "HEAD" { ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func setFields(_ easy: UnsafeMutableRawPointer) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for (name, value) in request.headers.fields where !Self.framingFields.contains(name.lowercased()) {
            // libcurl's own notation: a name with a semicolon is a field without a value.
            list = curl_slist_append(list, value.allSatisfy(\.isWhitespace) ? "\(name);" : "\(name): \(value)")
        }
        // A name with nothing after its colon takes out what libcurl would add. Waiting for `100 Continue` costs a
        // second with servers that do not know it.
        for name in ["Accept", "Content-Type", "Expect"] where request.headers[name] == nil {
            list = curl_slist_append(list, "\(name):")
        }
        ccurl_set_headers(easy, list)
        if request.headers["User-Agent"] == nil { ccurl_set_string(easy, CURLOPT_USERAGENT, "leadwright") }
        if configuration.acceptsGzip, request.headers["Accept-Encoding"] == nil {
            ccurl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "gzip")
        }
        return list
    }

    /// How a message ends is libcurl's to say.
    private static let framingFields: Set<String> = ["content-length", "transfer-encoding"]

    private func setConnection(_ easy: UnsafeMutableRawPointer) {
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, timeout.milliseconds)
        ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.milliseconds)
        ccurl_set_long(easy, CURLOPT_MAXAGE_CONN, max(1, configuration.idleTime.milliseconds / 1000))
        ccurl_set_size(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(configuration.maximumBodyBytes))
        ccurl_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = configuration.certificateAuthorities { ccurl_set_string(easy, CURLOPT_CAINFO, file) }
        // An empty text also keeps libcurl from reading the environment.
        ccurl_set_string(easy, CURLOPT_PROXY, configuration.proxy ?? "")
    }
}

extension Duration {
    /// Whole milliseconds, at least one, for zero means no limit to libcurl, and no more than it keeps in 32 bits.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(min(seconds, 2_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
