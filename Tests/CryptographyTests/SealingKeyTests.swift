import Cryptography
import Foundation
import XCTest

final class SealingKeyTests: XCTestCase {
    /// The GCM specification's test cases 13 and 16, as NIST SP 800-38D's validation uses them.
    func testKnownCiphertexts() throws {
        let empty = try SealingKey(Data(count: 32)).seal(Data(), authenticating: Data(), nonce: Data(count: 12))
        XCTAssertEqual(empty.ciphertext.hexadecimal, "530f8afbc74536b9a963b4f1c4cb738b")

        let key = try SealingKey(
            XCTUnwrap(Data(hexadecimal: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")))
        let plain = try XCTUnwrap(
            Data(
                hexadecimal: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"))
        let associated = try XCTUnwrap(Data(hexadecimal: "feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        let nonce = try XCTUnwrap(Data(hexadecimal: "cafebabefacedbaddecaf888"))
        let box = try key.seal(plain, authenticating: associated, nonce: nonce)
        XCTAssertEqual(
            box.ciphertext.hexadecimal,
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" + "76fc6ece0f4e1768cddf8853bb2d551b")
        XCTAssertEqual(try key.open(box, authenticating: associated), plain)
    }

    func testBoxOpensOnlyWithItsKeyAndPlace() throws {
        let key = try SealingKey(Data(repeating: 7, count: 32))
        let place = Data("acme/hubspot/access_token".utf8)
        let box = try key.seal(Data("pat-secret".utf8), authenticating: place)
        XCTAssertEqual(try key.open(box, authenticating: place), Data("pat-secret".utf8))
        XCTAssertNotEqual(try key.seal(Data("pat-secret".utf8), authenticating: place), box, "nonces must differ")

        var changed = box.ciphertext
        changed[0] ^= 1
        let attempts: [(SealingKey, SealedBox, Data)] = [
            (try SealingKey(Data(repeating: 8, count: 32)), box, place),
            (key, box, Data("other/hubspot/access_token".utf8)),
            (key, SealedBox(nonce: box.nonce, ciphertext: changed), place),
            (key, SealedBox(nonce: box.nonce, ciphertext: box.ciphertext.prefix(15)), place),
            (key, SealedBox(nonce: box.nonce.dropLast(), ciphertext: box.ciphertext), place),
        ]
        for (key, box, place) in attempts {
            XCTAssertThrowsError(try key.open(box, authenticating: place)) { error in
                XCTAssertEqual((error as? CryptographyError)?.code, .authenticationFailed)
            }
        }
    }

    func testShowsNothingOfTheKey() throws {
        let key = try SealingKey(Data(repeating: 0x41, count: 32))
        for text in [
            "\(key)", String(reflecting: key), String(describing: Mirror(reflecting: key).children.map(\.value)),
        ] {
            XCTAssertFalse(text.contains("41414141") || text.contains("AAAA"), text)
        }
        XCTAssertEqual(key.id, try SealingKey(Data(repeating: 0x41, count: 32)).id)
        XCTAssertNotEqual(key.id, try SealingKey(Data(repeating: 0x42, count: 32)).id)
    }

    func testRefusesAKeyOfAnotherLength() {
        XCTAssertThrowsError(try SealingKey(Data(count: 31))) { error in
            XCTAssertEqual((error as? CryptographyError)?.code, .invalidKey)
        }
    }
}
