import CKernels
import XCTest

final class SelectTests: XCTestCase {
    func testFindsWhatASortFinds() {
        var noise = Noise(11)
        for count in [0, 1, 15, 16, 17, 63, 64, 65, 1_000, 4_096, 5_003] {
            for levels: UInt64 in [1, 5, 1 << 40] {
                // Few levels, so that many are equal; every eighth number is none.
                var numbers = (0..<count).map { _ in Float(noise.bits() % levels) - Float(levels / 2) }
                for index in numbers.indices where noise.bits() % 8 == 0 {
                    numbers[index] = noise.bits() % 2 == 0 ? .nan : -.infinity
                }
                let order = numbers.indices.filter { numbers[$0] > -.infinity }.sorted {
                    (-numbers[$0], $0) < (-numbers[$1], $1)
                }
                for wanted in [0, 1, 2, 40, 104, 1_000, count] {
                    XCTAssertEqual(
                        largest(wanted, of: numbers), Array(order.prefix(wanted)), "\(wanted) of \(count), \(levels)")
                }
            }
        }
    }

    func testFindsInfinityAndTheOrderOfSortedNumbers() {
        let rising = (0..<500).map(Float.init)
        XCTAssertEqual(largest(3, of: rising), [499, 498, 497])
        XCTAssertEqual(largest(3, of: rising.reversed()), [0, 1, 2])
        XCTAssertEqual(largest(2, of: [1, .infinity, -0.0, 0.0, .infinity]), [1, 4])
        XCTAssertEqual(largest(3, of: [-0.0, 0.0, -1]), [0, 1, 2], "zeros are equal")
        XCTAssertEqual(largest(3, of: [.nan, -.infinity]), [])
    }

    private func largest(_ wanted: Int, of numbers: [Float]) -> [Int] {
        // One more than is allowed to be written, to see that it is not.
        var maxima = [Float](repeating: 7, count: (numbers.count + Int(CK_SELECT_BLOCK) - 1) / Int(CK_SELECT_BLOCK) + 1)
        var entries = [ck_entry](repeating: ck_entry(value: 7, index: 7), count: wanted + 1)
        let found = ck_largest(numbers, Int64(numbers.count), Int64(wanted), &maxima, &entries)
        XCTAssertEqual(maxima.last, 7)
        XCTAssertEqual(entries.last?.index, 7)
        for entry in entries[..<Int(found)] { XCTAssertEqual(entry.value, numbers[Int(entry.index)]) }
        return entries[..<Int(found)].map { Int($0.index) }
    }
}
