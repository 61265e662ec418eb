import Foundation

/// A port that is free now; whoever listens on it fails if it is not any more.
package func freePort() throws(EmbeddedPostgresError) -> UInt16 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(listener, pointer, size) == 0 && getsockname(listener, pointer, &size) == 0
        }
    }
    guard bound else { throw EmbeddedPostgresError(.startFailed, "there is no free port on the loopback") }
    return UInt16(bigEndian: address.sin_port)
}
