import CGlibc
import Foundation

/// A listening TCP socket.
///
/// The server opens it itself instead of leaving that to libwebsockets, for the reason of a failure, for the port that
/// the system chose, and to stop listening while requests in flight are still served.
struct Listener {
    let descriptor: Int32
    let port: Int

    /// Listens on the first address of `host` that works; an empty host and `*` mean every interface.
    init(host: String, port: Int) throws(HTTPServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var addresses: UnsafeMutablePointer<addrinfo>?
        let name = host.isEmpty || host == "*" ? nil : host
        guard (0...65535).contains(port), getaddrinfo(name, String(port), &hints, &addresses) == 0 else {
            throw HTTPServerError(.badAddress, "\(host):\(port) is no address to listen on; use one of this machine")
        }
        defer { freeaddrinfo(addresses) }
        var reason = errno
        for address in sequence(first: addresses, next: { $0?.pointee.ai_next }).compactMap({ $0?.pointee }) {
            let descriptor = socket(address.ai_family, address.ai_socktype | Self.flags, address.ai_protocol)
            guard descriptor >= 0 else {
                reason = errno
                continue
            }
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            if bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, SOMAXCONN) == 0 {
                self.descriptor = descriptor
                self.port = Self.port(of: descriptor)
                return
            }
            reason = errno
            close(descriptor)
        }
        throw Self.error(reason, host: host, port: port)
    }

    /// The next client that waits, ready for a non-blocking loop; nil when none waits or the system has no room.
    func accept() -> (client: Int32?, isOutOfRoom: Bool) {
        while true {
            let client = accept4(descriptor, nil, nil, Self.flags)
            if client >= 0 {
                // Responses are written whole: waiting for more to send only adds latency.
                var yes: Int32 = 1
                setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                return (client, false)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return (nil, true)
            default: return (nil, false)
            }
        }
    }

    private static let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

    private static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // The kernel writes the address family's own struct into storage made large enough for all of them; both
        // families keep the port in the same place (RFC 3493, 3.10).
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
            return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
    }

    private static func error(_ reason: Int32, host: String, port: Int) -> HTTPServerError {
        switch reason {
        case EADDRINUSE:
            HTTPServerError(.addressInUse, "port \(port) of \(host) is taken; choose another, or 0 for any free one")
        case EADDRNOTAVAIL:
            HTTPServerError(.badAddress, "\(host) is no address of this machine")
        default:
            HTTPServerError(.cannotListen, "cannot listen on \(host):\(port): \(String(cString: strerror(reason)))")
        }
    }
}
