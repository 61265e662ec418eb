import Foundation
import Synchronization

/// A server that does to each connection exactly what a test wants, on a thread of its own per connection.
final class RawServer: Sendable {
    let port: Int
    private let descriptor: Int32
    /// Requests read so far, as they came.
    let requests = Mutex<[String]>([])

    /// One accepted connection. The script blocks; the connection ends with it.
    struct Connection: Sendable {
        let descriptor: Int32
        let server: RawServer

        /// Reads up to the end of a request with a short body; nil when the client has gone.
        func readRequest() -> String? {
            var text = ""
            while true {
                if let head = text.firstRange(of: "\r\n\r\n") {
                    let length = text.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
                    if text[head.upperBound...].utf8.count >= length { break }
                }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                text += String(decoding: buffer[..<count], as: UTF8.self)
            }
            server.requests.withLock { $0.append(text) }
            return text
        }

        func send(_ text: String) { send(Array(text.utf8)) }

        func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

        /// Blocks until the client closes.
        func waitForTheEnd() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
        }
    }

    init(_ script: @escaping @Sendable (Connection) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0, let self else { return }
                Thread.detachNewThread {
                    script(Connection(descriptor: client, server: self))
                    close(client)
                }
            }
        }
    }

    /// Ends the listening; connections go on with their scripts.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
