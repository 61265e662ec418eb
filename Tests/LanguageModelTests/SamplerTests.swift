import Foundation
import LanguageModel
import XCTest

final class SamplerTests: XCTestCase {
    func testTheGeneratorIsSplitMix64() {
        // The first numbers of Vigna's reference implementation (splitmix64.c) for this seed.
        var generator = SplitMix64(seed: 1_234_567)
        XCTAssertEqual(
            (0..<5).map { _ in generator.next() },
            [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
        for _ in 0..<1_000 {
            let unit = generator.nextUnit()
            XCTAssertTrue((0..<1).contains(unit))
        }
    }

    func testEachAttemptHasItsOwnSeed() {
        let seeds = (0..<8).flatMap { slot in (0..<8).map { UInt64(42).mixed(slot: slot, attempt: $0) } }
        XCTAssertEqual(Set(seeds).count, 64)
        XCTAssertEqual(UInt64(42).mixed(slot: 1, attempt: 2), UInt64(42).mixed(slot: 1, attempt: 2))
        XCTAssertNotEqual(UInt64(42).mixed(slot: 1, attempt: 2), UInt64(43).mixed(slot: 1, attempt: 2))
    }

    func testTemperatureZeroTakesTheLikeliestAndTheLowerOfEquals() {
        var sampler = Sampler(sampling: Sampling(temperature: 0), seed: 1)
        let (token, logProbability) = sampler.draw(logits: [1, 3, 2, 3])
        XCTAssertEqual(token, 1)
        let sum = exp(1.0) + 2 * exp(3.0) + exp(2.0)
        XCTAssertEqual(Double(logProbability), 3 - log(sum), accuracy: 1e-6)
    }

    func testDrawsByProbability() {
        let logits: [Float] = [0, 1, 2, -.infinity, .nan]
        for temperature: Float in [0.5, 1, 2] {
            var sampler = Sampler(sampling: Sampling(temperature: temperature, topK: 0, topP: 1), seed: 3)
            var counts = [Double](repeating: 0, count: 5)
            for _ in 0..<20_000 { counts[Int(sampler.draw(logits: logits).token)] += 1 }
            let weights = logits[..<3].map { exp(Double($0 / temperature)) }
            for token in 0..<3 {
                let expected = 20_000 * weights[token] / weights.reduce(0, +)
                // Five standard deviations of a binomial count.
                XCTAssertEqual(counts[token], expected, accuracy: 5 * expected.squareRoot(), "\(temperature), \(token)")
            }
            XCTAssertEqual(counts[3] + counts[4], 0)
        }
    }

    func testCutsToTheLikeliest() {
        let logits: [Float] = [0, 2, 1, 2, 2]
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 2, topP: 1), logits), [1, 3])
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 4, topP: 1), logits), [1, 2, 3, 4])
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 0, topP: 0), logits), [1])
        // 0.29 each for the three twos.
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 0, topP: 0.5), logits), [1, 3])
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 99, topP: 1), logits), [0, 1, 2, 3, 4])
        XCTAssertEqual(drawn(Sampling(temperature: 1e-30, topK: 0, topP: 1), [0, 1]), [1])
        XCTAssertEqual(drawn(Sampling(temperature: .nan, topK: -3, topP: .nan), [0, 1]).isSubset(of: [0, 1]), true)
        XCTAssertEqual(drawn(Sampling(), [.nan, .nan]), [0])
    }

    func testTopTokensAreThoseOfASort() {
        var random = SplitMix64(seed: 5)
        for count in [1, 2, 39, 40, 41, 500] {
            // Few values, so that many are equal.
            let logits = (0..<count).map { _ in Float(Int.random(in: 0..<9, using: &random)) }
            let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
            let sampling = Sampling(temperature: 1_000, topK: 40, topP: 1)
            XCTAssertEqual(drawn(sampling, logits, times: 4_000), Set(order.prefix(40).map(Int32.init)))
        }
    }

    func testCutsToPartsOfTheLikeliest() {
        // Probabilities in the ratio 8 : 4 : 2 : 1.
        let logits = [8, 4, 2, 1].map { log(Float($0)) }
        for (minP, expected) in [(0, [0, 1, 2, 3]), (0.2, [0, 1, 2]), (0.3, [0, 1]), (1, [0])] as [(Float, Set<Int32>)]
        {
            XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 0, topP: 1, minP: minP), logits), expected)
        }
        // At half the temperature 64 : 16 : 4 : 1.
        XCTAssertEqual(drawn(Sampling(temperature: 0.5, topK: 0, topP: 1, minP: 0.2), logits), [0, 1])
        XCTAssertEqual(drawn(Sampling(temperature: 1, topK: 0, topP: 0.5, minP: 0.2), logits), [0])
    }

    func testAPenaltyLowersWhatCameBefore() {
        let logits: [Float] = [4, 3, 2, -1, -1.5]
        func order(_ penalty: Float, window: Int = 64, after preceding: [Int32]) -> [Int32] {
            // What the likeliest token is once the ones before it are forbidden.
            var rest = logits
            return logits.indices.map { _ in
                var sampler = Sampler(
                    sampling: Sampling(temperature: 0, repetitionPenalty: penalty, penaltyWindow: window), seed: 1,
                    precededBy: preceding)
                let token = sampler.draw(logits: rest).token
                rest[Int(token)] = -.infinity
                return token
            }
        }
        XCTAssertEqual(order(1, after: [0, 1]), [0, 1, 2, 3, 4])
        XCTAssertEqual(order(2.5, after: [0, 0, 0]), [1, 2, 0, 3, 4])
        XCTAssertEqual(order(1.4, after: [0]), [1, 0, 2, 3, 4])
        XCTAssertEqual(order(2, after: [3]), [0, 1, 2, 4, 3])
        XCTAssertEqual(order(2.5, window: 1, after: [0, 7]), [0, 1, 2, 3, 4])
        XCTAssertEqual(order(2.5, window: 0, after: [0]), [0, 1, 2, 3, 4])
    }

    func testDrawnAndNotedTokensCountForThePenalty() {
        var sampler = Sampler(sampling: Sampling(temperature: 0, repetitionPenalty: 2, penaltyWindow: 2), seed: 1)
        let logits: [Float] = [4, 3, 2.5]
        XCTAssertEqual((0..<4).map { _ in sampler.draw(logits: logits).token }, [0, 1, 2, 0])
        sampler.note([1, 2, 1])
        let (token, logProbability) = sampler.draw(logits: logits)
        XCTAssertEqual(token, 0)
        XCTAssertEqual(logProbability, -log(1 + exp(-1) + exp(-1.5)), accuracy: 1e-6, "as the model sees it")
    }

    func testDrawsAsASamplerThatSortsEverything() {
        var random = SplitMix64(seed: 77)
        for round in 0..<60 {
            let count = [3, 64, 65, 1_000, 5_000][round % 5]
            let levels = [4, 1 << 20][round / 5 % 2]
            let logits = (0..<count).map { _ in
                Float(Int.random(in: 0..<levels, using: &random)) / Float(levels) * 20 - 10
            }
            let sampling = Sampling(
                temperature: [0.2, 1, 3][round % 3], topK: [0, 1, 40, 300][round / 3 % 4], topP: [0.7, 1][round % 2],
                minP: [0, 0.05][round / 2 % 2], repetitionPenalty: [1, 1.3][round / 4 % 2], penaltyWindow: 16)
            let before = (0..<20).map { _ in Int32.random(in: 0..<Int32(count), using: &random) }
            var sampler = Sampler(sampling: sampling, seed: 4, precededBy: before)
            var plain = PlainSampler(sampling: sampling, random: SplitMix64(seed: 4), tokens: before)
            for _ in 0..<20 {
                XCTAssertEqual(sampler.draw(logits: logits).token, plain.draw(logits), "\(sampling), \(count)")
            }
        }
    }

    func testEqualSeedsDrawEqualTokens() {
        let logits = (0..<100).map { Float(sin(Double($0))) }
        func tokens(_ seed: UInt64) -> [Int32] {
            var sampler = Sampler(sampling: Sampling(temperature: 1), seed: seed)
            return (0..<50).map { _ in sampler.draw(logits: logits).token }
        }
        XCTAssertEqual(tokens(9), tokens(9))
        XCTAssertNotEqual(tokens(9), tokens(10))
    }

    func testScoresVariants() {
        let scores = [
            VariantScore(mean: VariantScore.mean([-1, -3]), prior: -1), VariantScore(mean: -2, prior: -3),
            VariantScore(mean: -4, prior: -5), VariantScore(mean: .nan, prior: 0),
        ]
        XCTAssertEqual(scores.map(\.value), [-1, 1, 1, -.infinity])
        XCTAssertEqual(VariantScore.best(of: scores), 1)
        XCTAssertEqual(VariantScore.best(of: [scores[3]]), 0)
        XCTAssertNil(VariantScore.best(of: []))
        XCTAssertEqual(VariantScore.mean([]), 0)
    }

    func testTakesLittleTimeBesideAForwardPass() {
        var random = SplitMix64(seed: 1)
        let logits = (0..<49_152).map { _ in Float(random.nextUnit() * 20) }
        var sampler = Sampler(sampling: Sampling(), seed: 1)
        let time = ContinuousClock().measure { for _ in 0..<100 { _ = sampler.draw(logits: logits) } }
        print("sampler: \(time / 100) a draw from 49,152 tokens")
        XCTAssertLessThan(time, .milliseconds(500))
    }

    private func drawn(_ sampling: Sampling, _ logits: [Float], times: Int = 300) -> Set<Int32> {
        var sampler = Sampler(sampling: sampling, seed: 8)
        return Set((0..<times).map { _ in sampler.draw(logits: logits).token })
    }
}

/// What ``Sampler`` says it does, without a thought of time.
private struct PlainSampler {
    let sampling: Sampling
    var random: SplitMix64
    var tokens: [Int32]

    mutating func draw(_ logits: [Float]) -> Int32 {
        var scores = logits
        for token in Set(tokens.suffix(sampling.penaltyWindow)) {
            let logit = logits[Int(token)]
            scores[Int(token)] = logit > 0 ? logit / sampling.repetitionPenalty : logit * sampling.repetitionPenalty
        }
        var order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        if sampling.topK > 0 { order = Array(order.prefix(sampling.topK)) }
        let weights = order.map { Double(exp((scores[$0] - scores[order[0]]) / sampling.temperature)) }
        let wanted = weights.reduce(0, +) * Double(sampling.topP)
        var sum = 0.0
        let kept = weights.indices.prefix { index in
            defer { sum += weights[index] }
            return index == 0 || (sum < wanted && weights[index] >= Double(sampling.minP))
        }
        var place = random.nextUnit() * kept.reduce(0) { $0 + weights[$1] }
        let chosen = kept.first { index in
            place -= weights[index]
            return place < 0
        }
        let token = Int32(order[chosen ?? kept.count - 1])
        tokens.append(token)
        return token
    }
}
