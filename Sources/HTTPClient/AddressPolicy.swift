/// Which addresses are public, so that a URL from outside cannot reach what only this machine or network may
/// (server-side request forgery).
///
/// The check runs on the very address that a socket is opened to, after the name was resolved: an answer of the name
/// service that changes in between (DNS rebinding), a number in place of an address, or a name that points inside
/// gains nothing.
package enum AddressPolicy {
    /// Whether an IPv4 address is globally reachable by IANA's special-purpose registry (RFC 6890).
    package static func isPublic(v4 address: UInt32) -> Bool {
        !reservedV4.contains { (address ^ $0.network) >> (32 - $0.prefix) == 0 }
    }

    /// Whether an IPv6 address, as 16 bytes, is globally reachable: global unicast without the parts that are reserved
    /// or that carry an IPv4 address inside.
    package static func isPublic(v6 address: [UInt8]) -> Bool {
        guard address.count == 16 else { return false }
        let high = address[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // 2000::/3 is all that is assigned as global unicast. Left out with the rest are loopback, link-local, unique
        // local, multicast, IPv4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96).
        guard high >> 61 == 0b001 else { return false }
        return !reservedV6.contains { (high ^ $0.network) >> (64 - $0.prefix) == 0 }
    }

    private static let reservedV4: [(network: UInt32, prefix: UInt32)] = [
        (0x0000_0000, 8),  // this network
        (0x0A00_0000, 8),  // private
        (0x6440_0000, 10),  // carrier-grade NAT
        (0x7F00_0000, 8),  // loopback
        (0xA9FE_0000, 16),  // link-local, with the clouds' metadata services
        (0xAC10_0000, 12),  // private
        (0xC000_0000, 24),  // protocol assignments
        (0xC000_0200, 24),  // documentation
        (0xC058_6300, 24),  // 6to4 relays
        (0xC0A8_0000, 16),  // private
        (0xC612_0000, 15),  // benchmarks
        (0xC633_6400, 24),  // documentation
        (0xCB00_7100, 24),  // documentation
        (0xE000_0000, 4),  // multicast
        (0xF000_0000, 4),  // reserved, and broadcast
    ]

    private static let reservedV6: [(network: UInt64, prefix: UInt64)] = [
        (0x2001_0000_0000_0000, 23),  // protocol assignments, Teredo among them
        (0x2001_0DB8_0000_0000, 32),  // documentation
        (0x2002_0000_0000_0000, 16),  // 6to4, which embeds an IPv4 address
        (0x3FFF_0000_0000_0000, 20),  // documentation
    ]
}
