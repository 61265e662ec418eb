import Foundation
import HTTPClient
import XCTest

final class AddressPolicyTests: XCTestCase {
    private func isPublic(_ text: String) throws -> Bool {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return AddressPolicy.isPublic(v4: UInt32(bigEndian: v4.s_addr)) }
        var v6 = in6_addr()
        XCTAssertEqual(inet_pton(AF_INET6, text, &v6), 1, text)
        return AddressPolicy.isPublic(v6: withUnsafeBytes(of: &v6) { Array($0) })
    }

    func testAddressesThatAreNotPublic() throws {
        for text in [
            "0.0.0.0", "0.255.255.255", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.2.3", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::8.8.8.8",
            "64:ff9b:1::1", "100::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001::1",
            "2001:2::1",
            "2001:db8::1", "2002:7f00:1::", "3fff::1", "4000::1", "5f00::1",
        ] {
            XCTAssertFalse(try isPublic(text), text)
        }
    }

    func testPublicAddresses() throws {
        for text in [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.0.1", "192.169.0.1",
            "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2001:200::1", "2a00:1450::1", "2003::1",
            "3ffe::1",
        ] {
            XCTAssertTrue(try isPublic(text), text)
        }
    }

    func testWhatIsNoAddressIsNotPublic() {
        XCTAssertFalse(AddressPolicy.isPublic(v6: []))
        XCTAssertFalse(AddressPolicy.isPublic(v6: [0x20, 0x01]))
    }
}
