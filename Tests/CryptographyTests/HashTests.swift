import Cryptography
import Foundation
import XCTest

final class HashTests: XCTestCase {
    /// FIPS 180-4 examples and the empty message.
    func testKnownDigests() {
        XCTAssertEqual(
            Hash.sha256(Data()).hexadecimal, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        XCTAssertEqual(
            Hash.sha256(Data("abc".utf8)).hexadecimal,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        XCTAssertEqual(
            Hash.sha256([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)).hexadecimal,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    func testFileHasTheDigestOfItsBytes() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        // Longer than one piece, so that the pieces must be joined rightly.
        let bytes = Data((0..<(1 << 20) + 17).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try bytes.write(to: URL(fileURLWithPath: path))
        XCTAssertEqual(try Hash.sha256File(path), Hash.sha256(bytes).hexadecimal)
        XCTAssertThrowsError(try Hash.sha256File(path + ".missing")) { error in
            XCTAssertEqual((error as? CryptographyError)?.code, .unreadableFile)
        }
    }

    func testHexadecimal() {
        XCTAssertEqual(Data([0x00, 0x0f, 0xA0, 0xff]).hexadecimal, "000fa0ff")
        XCTAssertEqual(Data(hexadecimal: "000FA0ff"), Data([0x00, 0x0f, 0xA0, 0xff]))
        XCTAssertEqual(Data(hexadecimal: ""), Data())
        for text in ["0", "0g", "ä0", " 00"] { XCTAssertNil(Data(hexadecimal: text), text) }
    }

    func testBase64URL() {
        XCTAssertEqual(Data([0xfb, 0xff, 0xfe]).base64URL, "-__-")
        for bytes in [Data(), Data([1]), Data([1, 2]), Data([0xfb, 0xff, 0xfe, 0xff])] {
            XCTAssertEqual(Data(base64URL: bytes.base64URL), bytes)
        }
        XCTAssertNil(Data(base64URL: "-__+"))
        XCTAssertNil(Data(base64URL: "AQ=="))
    }
}
