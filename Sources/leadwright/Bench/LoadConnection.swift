import Foundation

/// One kept HTTP/1.1 connection to this machine that sends bytes and waits for the answer, on the caller's thread.
///
/// A load generator shares the cores with what it measures. This one takes two system calls a request; the same through
/// libcurl's multi interface takes several times the processor time.
struct LoadConnection: ~Copyable {
    private let descriptor: Int32
    private var buffer = [CChar](repeating: 0, count: 16 << 10)

    /// Connects to a port of the loopback.
    init(port: Int) throws(CommandError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // connect(2) takes any family's address by way of the one they share the beginning of.
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            throw .failed("cannot connect to port \(port): \(String(cString: strerror(errno)))")
        }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends a whole request and returns the answer's status.
    ///
    /// - Throws: ``CommandError/failed(_:)`` when the connection breaks.
    mutating func exchange(_ request: [UInt8]) throws(CommandError) -> Int {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { bytes in
                send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
            }
            guard count > 0 else { throw .failed("the gateway closed a connection") }
            sent += count
        }
        var received = 0
        while true {
            // One byte stays free for the zero that ends the text.
            let count = buffer.withUnsafeMutableBytes { bytes in
                recv(descriptor, bytes.baseAddress.map { $0 + received }, bytes.count - received - 1, 0)
            }
            guard count > 0 else { throw .failed("the gateway closed a connection") }
            received += count
            buffer[received] = 0
            if let status = Self.status(of: buffer, received) { return status }
        }
    }

    /// The status of an answer, or `nil` while it is not complete. It understands what the gateway's own server sends.
    private static func status(of answer: [CChar], _ received: Int) -> Int? {
        answer.withUnsafeBufferPointer { answer in
            guard let start = answer.baseAddress, let end = strstr(start, "\r\n\r\n") else { return nil }
            // 204 has none.
            let length = strstr(start, "\r\nContent-Length: ").map { atoi($0 + 18) } ?? 0
            return received >= start.distance(to: end) + 4 + Int(length) ? Int(atoi(start + 9)) : nil
        }
    }
}
