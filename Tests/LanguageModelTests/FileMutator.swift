import LanguageModel

/// Damages files in the ways that break readers: flipped bits, cut ends, lengths and counts at their extremes, and in
/// text headers the marks and numbers that hold them together. The same seed does the same damage.
struct FileMutator {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Little-endian numbers that counts, lengths and offsets are checked against too late, or wrongly.
    private static let extremes: [UInt64] = [
        0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
        0x0FFF_FFFF_FFFF_FFFF, 0x1FFF_FFFF_FFFF_FFFF, 0x3FFF_FFFF_FFFF_FFFF, 0x4000_0000_0000_0000, .max >> 1,
        1 << 63, .max - 31, .max - 7, .max,
    ]
    private static let words = [
        "-1", "0", "1.5", "1e308", "-0.0", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616",
        "null", "true", "\"\"", "[]", "{}", "[", "]", "{", "}", "\"", ",", ":", "\\", "\\u0000", "(", "(.*)+", "é",
        "\u{0}",
    ].map { Array($0.utf8) }

    /// A damaged copy.
    ///
    /// - Parameter header: how much of the file's beginning most of the damage goes to.
    mutating func damaged(_ sound: [UInt8], header: Int) -> [UInt8] {
        var bytes = sound
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !bytes.isEmpty else { break }
            damage(&bytes, at: place(in: bytes, header: header))
        }
        return bytes
    }

    private mutating func place(in bytes: [UInt8], header: Int) -> Int {
        let isInHeader = Int.random(in: 0..<8, using: &random) > 0
        return Int.random(in: 0..<(isInHeader ? min(max(1, header), bytes.count) : bytes.count), using: &random)
    }

    private mutating func damage(_ bytes: inout [UInt8], at place: Int) {
        let few = min(bytes.count, place + Int.random(in: 1...9, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: overwrite(&bytes, at: place, with: Self.extremes.randomElement(using: &random) ?? 0, size: 4)
        case 3: overwrite(&bytes, at: place, with: Self.extremes.randomElement(using: &random) ?? 0, size: 8)
        case 4: bytes.removeSubrange(place..<few)
        case 5: bytes.insert(contentsOf: Array(bytes[place..<few]), at: place)
        case 6: bytes.removeSubrange(place...)
        case 7: bytes.replaceSubrange(place..<few, with: Self.words.randomElement(using: &random) ?? [])
        default: replaceNumber(&bytes, near: place)
        }
    }

    private func overwrite(_ bytes: inout [UInt8], at place: Int, with number: UInt64, size: Int) {
        for index in place..<min(place + size, bytes.count) {
            bytes[index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (index - place)))
        }
    }

    /// Puts a word in the place of the next number that is written in digits.
    private mutating func replaceNumber(_ bytes: inout [UInt8], near place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: { digits.contains($0) }) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Self.words.randomElement(using: &random) ?? [])
    }
}
