import Foundation
import Synchronization
import XCTest

/// A TCP client that sends exactly the bytes that a test writes.
final class RawClient: Sendable {
    private let descriptor: Int32
    /// What was read beyond the response before.
    private let unread = Mutex<[UInt8]>([])

    struct Closed: Error {}

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        // No test waits longer for bytes: a server that hangs fails it.
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            Glibc.close(descriptor)
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    deinit { Glibc.close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Blocks until the kernel has all bytes.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Closed() }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends one byte whenever 20 ms pass without an answer, until there is one.
    func drip() async throws {
        try await offThePool { [self] in
            var answer = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&answer, 1, 20) == 0 { try send("X") }
        }
    }

    /// Ends the connection as a process does that is killed: with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// The next response, its head as text and as many bytes of body as it announces.
    func response(hasBody: Bool = true) async throws -> (head: String, body: Data) {
        try await offThePool { [self] in
            var bytes = unread.withLock { $0 }
            let end = Array("\r\n\r\n".utf8)
            while bytes.firstRange(of: end) == nil { bytes += try receive() }
            let headEnd = try XCTUnwrap(bytes.firstRange(of: end)).upperBound
            let head = String(decoding: bytes[..<headEnd], as: UTF8.self)
            let length = head.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
            let total = headEnd + (hasBody ? length : 0)
            while bytes.count < total { bytes += try receive() }
            unread.withLock { $0 = Array(bytes[total...]) }
            return (head, Data(bytes[headEnd..<total]))
        }
    }

    /// Everything until the server ends the connection; fails when it does not, or when it resets it.
    func readToEnd() async throws -> String {
        try await offThePool { [self] in
            var bytes = unread.withLock { $0 }
            do { while true { bytes += try receive() } } catch is Closed {}
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count == 0 { throw Closed() }
        guard count > 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return Array(buffer[..<count])
    }
}

/// Runs blocking work on a thread of its own, so that it does not hold one that the server's handlers need.
func offThePool<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}

/// Holds handlers back until it is opened.
struct Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open() { continuation.finish() }

    /// Returns when the gate is open or the task is cancelled.
    func pass() async {
        // A stream ends with the last reference to its continuation.
        defer { withExtendedLifetime(continuation) {} }
        for await _ in stream {}
    }
}
