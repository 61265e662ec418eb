import LanguageModel
import TestSupport
import XCTest

/// The tree of pages: what is found again, what goes first, what is never cut.
final class EnginePrefixStoreTests: XCTestCase {
    func testFindsTheLongestBeginningToTheToken() throws {
        let layout = try self.layout()
        var store = PrefixStore(layout, bytes: 10 * layout.bytesPerPage)
        XCTAssertEqual(store.longestPrefix(of: numbers(70)).count, 0)
        store.keep(sequence(numbers(100), layout), first: 100)
        XCTAssertEqual(store.bytes, 3 * layout.bytesPerPage, "whole pages only")
        XCTAssertEqual(store.longestPrefix(of: numbers(100)).tokens, numbers(96))
        XCTAssertEqual(store.longestPrefix(of: numbers(64)).tokens, numbers(64))
        XCTAssertEqual(store.longestPrefix(of: numbers(50) + [7, 7, 7]).tokens, numbers(50))
        XCTAssertEqual(store.longestPrefix(of: numbers(5)).tokens, numbers(5))
        XCTAssertEqual(store.longestPrefix(of: [9] + numbers(60)).count, 0)
    }

    func testKeepsNoMoreThanItIsTold() throws {
        let layout = try self.layout()
        var store = PrefixStore(layout, bytes: 10 * layout.bytesPerPage)
        store.keep(sequence(numbers(100), layout), first: 40)
        XCTAssertEqual(store.longestPrefix(of: numbers(100)).tokens, numbers(32))
    }

    func testTheOldestLeafGoesFirst() throws {
        let layout = try self.layout()
        var store = PrefixStore(layout, bytes: 4 * layout.bytesPerPage)
        let branches = [1, 2, 3].map { numbers(32) + Array(repeating: Int32($0), count: 32) }
        for branch in branches { store.keep(sequence(branch, layout), first: 64) }
        XCTAssertEqual(store.bytes, 4 * layout.bytesPerPage, "the common page is there once")
        _ = store.longestPrefix(of: branches[0])
        let fourth = numbers(32) + Array(repeating: Int32(4), count: 32)
        store.keep(sequence(fourth, layout), first: 64)
        XCTAssertEqual(store.bytes, 4 * layout.bytesPerPage)
        XCTAssertEqual(store.longestPrefix(of: branches[0]).count, 64)
        XCTAssertEqual(store.longestPrefix(of: branches[1]).count, 32, "used longest ago")
        XCTAssertEqual(store.longestPrefix(of: branches[2]).count, 64)
        XCTAssertEqual(store.longestPrefix(of: fourth).count, 64)
    }

    func testAPathLongerThanTheBudgetKeepsItsBeginning() throws {
        let layout = try self.layout()
        var store = PrefixStore(layout, bytes: 2 * layout.bytesPerPage)
        store.keep(sequence(Array(repeating: 3, count: 64), layout), first: 64)
        store.keep(sequence(numbers(200), layout), first: 200)
        XCTAssertEqual(store.bytes, 2 * layout.bytesPerPage)
        XCTAssertEqual(store.longestPrefix(of: numbers(200)).tokens, numbers(64))
        var none = PrefixStore(layout, bytes: 0)
        none.keep(sequence(numbers(200), layout), first: 200)
        XCTAssertEqual(none.bytes, 0)
    }

    func testRecentValuesForgetTheOldest() {
        var values = RecentValues<String, Int>(limit: 2)
        values["a"] = 1
        values["b"] = 2
        XCTAssertEqual(values["a"], 1)
        values["c"] = 3
        XCTAssertNil(values["b"])
        XCTAssertEqual(values["a"], 1)
        XCTAssertEqual(values["c"], 3)
        XCTAssertEqual(values.count, 2)
    }

    private func layout() throws -> KeyValueLayout {
        KeyValueLayout(try ModelShape(GGUFFile(path: Model.path)))
    }

    private func numbers(_ count: Int) -> [Int32] { (0..<Int32(count)).map { $0 + 100 } }

    private func sequence(_ tokens: [Int32], _ layout: KeyValueLayout) -> KeyValueCache {
        var cache = KeyValueCache(layout)
        cache.extend(by: tokens)
        return cache
    }
}
