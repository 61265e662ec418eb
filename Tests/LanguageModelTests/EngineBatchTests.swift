import LanguageModel
import Synchronization
import TestSupport
import XCTest

/// Many texts at once: none shows in another, what they share is read once, and whoever is no longer wanted leaves.
final class EngineBatchTests: XCTestCase {
    func testTextsAreTheSameAloneTogetherAndFromTheCache() async throws {
        let alone = try LocalModel(path: Model.path, threads: 1, cacheBytes: 0, texts: 1)
        let together = try LocalModel(path: Model.path, threads: 2)
        var expected: [Completion] = []
        for index in 0..<6 { expected.append(try await Letter.complete(alone, index)) }
        let cold = try await Letter.all(together, 0..<6)
        let warm = try await Letter.all(together, (0..<6).reversed()).reversed()
        for (index, (a, (b, c))) in zip(expected, zip(cold, warm)).enumerated() {
            XCTAssertEqual(a.tokens, b.tokens, "together, text \(index)")
            XCTAssertEqual(a.tokens, c.tokens, "from the cache, text \(index)")
            XCTAssertEqual(a.logProbabilities, b.logProbabilities)
            XCTAssertEqual(a.logProbabilities, c.logProbabilities)
        }
    }

    func testAColdBatchReadsItsCommonPrefixOnce() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let texts = try await Letter.all(model, 0..<8)
        let known = texts.map(\.cachedTokens).sorted()
        XCTAssertEqual(known[0], 0, "one of them read it")
        // The conversations are equal up to the reader's name, some 60 tokens in.
        XCTAssertGreaterThan(known[1], 50, "and all others went on from there: \(known)")
    }

    func testTenantsDoNotFindEachOthersPrompts() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        func known(_ tenant: String) async throws -> Int {
            let request = GenerationRequest(
                messages: Letter.conversation(1), neutralMessages: Letter.conversation(1), segments: [.literal("Hi")],
                seed: 1,
                tenant: tenant)
            return try await model.generate(request).cachedTokens
        }
        let first = try await known("a")
        let other = try await known("b")
        let again = try await known("a")
        XCTAssertEqual([first, other], [0, 0])
        XCTAssertGreaterThan(again, 50)
    }

    func testACancelledTextLeavesAndTheOthersGoOn() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let expected = try await Letter.complete(model, 2)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let endless = Task { try await Letter.endless(model) { start.yield() } }
        for await _ in started { break }
        let other = Task { try await Letter.complete(model, 2) }
        endless.cancel()
        let code: LanguageModelError.Code?
        do {
            _ = try await endless.value
            code = nil
        } catch {
            code = (error as? LanguageModelError)?.code
        }
        XCTAssertEqual(code, .cancelled)
        let finished = try await other.value
        XCTAssertEqual(finished.tokens, expected.tokens)
    }

    func testADeadlineEndsATextBetweenTwoPasses() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        do {
            _ = try await model.complete(
                Letter.conversation(0), maximumTokens: 5000, ignoresEnd: true, deadline: .now + .milliseconds(50))
            XCTFail("it cannot be finished by then")
        } catch {
            XCTAssertEqual(error.code, .deadlineExceeded)
        }
        let next = try await Letter.complete(model, 1)
        XCTAssertEqual(next.tokens.count, 12)
    }

    func testOverflowAndUnknownAdaptersAreRefusedWithoutHarm() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        async let other = Letter.complete(model, 3)
        do {
            _ = try await model.complete(
                [ChatMessage(.user, String(repeating: "word ", count: 9000))], maximumTokens: 1)
            XCTFail("it does not fit")
        } catch {
            XCTAssertEqual(error.code, .contextOverflow)
        }
        do {
            _ = try await model.complete(Letter.conversation(0), maximumTokens: 1, adapter: "nobody")
            XCTFail("there is no such adapter")
        } catch {
            XCTAssertEqual(error.code, .unknownAdapter)
            XCTAssertTrue(error.message.contains("nobody"))
        }
        let finished = try await other
        XCTAssertEqual(finished.tokens.count, 12)
    }

    func testAStreamIsTheText() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let pieces = Mutex<[String]>([])
        let completion = try await model.complete(
            Letter.conversation(4), maximumTokens: 30, sampling: Sampling(temperature: 0),
            stream: { piece in pieces.withLock { $0.append(piece) } })
        let streamed = pieces.withLock(\.self)
        XCTAssertEqual(streamed.joined(), completion.text)
        XCTAssertGreaterThan(streamed.count, 5, "it comes piece by piece")
    }

    func testMoreTextsThanAreMadeAtOnceAreAllMade() async throws {
        let model = try LocalModel(path: Model.path, threads: 2, texts: 3)
        let texts = try await Letter.all(model, 0..<10)
        XCTAssertEqual(texts.map(\.tokens.count), Array(repeating: 12, count: 10))
    }
}

/// What the texts are about.
private enum Letter {
    static func conversation(_ index: Int) -> [ChatMessage] {
        let names = ["Ana", "Tom", "Ines", "Fatima", "Li", "José"]
        return [
            ChatMessage(
                .system,
                "You write short and friendly letters for TechFlow, a company that shows teams what their data does. "
                    + "Use plain words, keep to one idea a message, and close with one question to the reader."),
            ChatMessage(.user, "The reader is \(names[index % names.count]), number \(index). Write the letter."),
        ]
    }

    static func complete(_ model: LocalModel, _ index: Int) async throws -> Completion {
        try await model.complete(
            conversation(index), maximumTokens: 12, sampling: Sampling(temperature: 0.8), seed: UInt64(index),
            ignoresEnd: true)
    }

    /// Says when it has begun.
    static func endless(
        _ model: LocalModel, _ begun: @escaping @Sendable () -> Void
    ) async throws -> Completion {
        try await model.complete(
            conversation(0), maximumTokens: 5000, sampling: Sampling(temperature: 0), ignoresEnd: true,
            stream: { _ in begun() })
    }

    static func all(_ model: LocalModel, _ indices: some Collection<Int>) async throws -> [Completion] {
        try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
            for (place, index) in indices.enumerated() {
                group.addTask { (place, try await complete(model, index)) }
            }
            var completions: [Int: Completion] = [:]
            for try await (place, completion) in group { completions[place] = completion }
            return completions.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
