import Foundation
import LanguageModel
import XCTest

final class ConstrainedDrawTests: XCTestCase {
    /// Allows the tokens of a list.
    private struct Listed: TokenConstraint {
        let tokens: Set<Int32>
        var vocabulary = 4

        func allows(_ token: Int32) -> Bool { tokens.contains(token) }

        var allowedTokens: TokenSet {
            var set = TokenSet(vocabulary: vocabulary)
            tokens.forEach { set.insert($0) }
            return set
        }
    }

    func testWhatIsAllowedIsDrawnAsWithoutAConstraint() {
        let logits = (0..<200).map { Float(sin(Double($0))) }
        var free = Sampler(sampling: Sampling(temperature: 1), seed: 2)
        var constrained = Sampler(sampling: Sampling(temperature: 1), seed: 2)
        let everything = Listed(tokens: Set(0..<200), vocabulary: 200)
        for _ in 0..<100 {
            let (token, logProbability) = free.draw(logits: logits)
            let drawn = constrained.draw(logits: logits, under: everything)
            XCTAssertEqual(drawn?.token, token)
            XCTAssertEqual(drawn?.logProbability, logProbability)
        }
    }

    func testARefusedTokenIsDrawnAgainAmongTheAllowed() throws {
        let logits: [Float] = [5, 1, 0, 4]
        // First 0 and 3 share nearly all draws; what falls on 0 goes to 1 and 2 in their own proportion.
        var sampler = Sampler(sampling: Sampling(temperature: 1, topK: 0, topP: 1), seed: 6)
        var counts = [0.0, 0, 0, 0]
        for _ in 0..<20_000 {
            let drawn = try XCTUnwrap(sampler.draw(logits: logits, under: Listed(tokens: [1, 2])))
            counts[Int(drawn.token)] += 1
        }
        XCTAssertEqual(counts[0] + counts[3], 0)
        let first = logits.map { exp(Double($0)) }
        let sum = first.reduce(0, +)
        let again = (first[0] + first[3]) / sum
        for token in [1, 2] {
            let expected = 20_000 * (first[token] / sum + again * first[token] / (first[1] + first[2]))
            XCTAssertEqual(counts[token], expected, accuracy: 5 * expected.squareRoot())
        }
    }

    func testTheLogProbabilityIsTheModelsOwn() throws {
        var sampler = Sampler(sampling: Sampling(temperature: 0), seed: 1)
        let drawn = try XCTUnwrap(sampler.draw(logits: [3, 1, 2, 0], under: Listed(tokens: [1, 3])))
        XCTAssertEqual(drawn.token, 1)
        XCTAssertEqual(drawn.logProbability, 1 - log(exp(3) + exp(1) + exp(2) + 1), accuracy: 1e-6)
    }

    func testNothingAllowedIsNoToken() {
        var sampler = Sampler(sampling: Sampling(), seed: 1)
        XCTAssertNil(sampler.draw(logits: [1, 2, 3, 4], under: Listed(tokens: [])))
        XCTAssertNil(sampler.draw(logits: [1, 2, -.infinity, .nan], under: Listed(tokens: [2, 3])))
        XCTAssertNil(sampler.draw(logits: [1, 2], under: Listed(tokens: [3])), "fewer logits than tokens")
        XCTAssertNil(sampler.draw(logits: [], under: Listed(tokens: [1])))
    }

    func testSetsOfTokens() {
        var set = TokenSet(vocabulary: 130)
        XCTAssertTrue(set.isEmpty)
        let tokens: [Int32] = [0, 63, 64, 129]
        tokens.forEach { set.insert($0) }
        XCTAssertEqual((-1..<200).filter { set.contains($0) }, tokens)
        var other = TokenSet(vocabulary: 130)
        other.insert(5)
        other.insert(63)
        set.formUnion(other)
        var listed: [Int32] = []
        set.forEach { listed.append($0) }
        XCTAssertEqual(listed, [0, 5, 63, 64, 129])
        XCTAssertEqual(set.count, 5)
        XCTAssertFalse(set.contains(.max))
        XCTAssertFalse(set.contains(.min))
    }
}
