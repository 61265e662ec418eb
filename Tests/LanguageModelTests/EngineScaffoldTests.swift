import LanguageModel
import Synchronization
import TestSupport
import XCTest

/// Scaffolds filled by the reference model: exact joints, reuse that does not show, and typed refusals.
final class EngineScaffoldTests: XCTestCase {
    func testSegmentsJoinToTheTextAndSlotsStandWhereTheyBelong() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let output = try await model.generate(request())
        XCTAssertEqual(output.segmentTexts.count, 5)
        XCTAssertEqual(output.segmentTexts[0], "Hi Tom,\n\n")
        XCTAssertEqual(output.segmentTexts[2], " It takes 20 minutes.\n\n")
        XCTAssertEqual(output.segmentTexts[4], "\n\nThe TechFlow team")
        XCTAssertEqual(output.slots.map(\.name), ["opening", "close"])
        XCTAssertEqual(output.segmentTexts[1], output.slots[0].text)
        XCTAssertEqual(output.segmentTexts[3], output.slots[1].text)
        XCTAssertTrue(variants.contains(output.slots[1].text))
        XCTAssertNotNil(output.slots[1].score)
        XCTAssertFalse(output.slots[0].text.hasPrefix(" "), "the literal before ends in white space")
        XCTAssertFalse(output.text.contains("  "))
        XCTAssertGreaterThan(output.generatedTokens, 0)
        XCTAssertTrue(output.prompt.hasSuffix("<|im_start|>assistant\n"))
    }

    func testTheSpaceBetweenLiteralAndSlotIsThereOnce() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        for literal in ["Thank you for", "Thank you for "] {
            let output = try await model.generate(
                request(segments: [.literal(literal), .write(slot("reason", words: 12))]))
            let joined = output.text
            XCTAssertTrue(joined.hasPrefix("Thank you for "), joined)
            XCTAssertFalse(joined.hasPrefix("Thank you for  "), joined)
            XCTAssertEqual(joined, literal + output.slots[0].text)
        }
    }

    func testReuseThreadsAndOrderDoNotShow() async throws {
        let alone = try LocalModel(path: Model.path, threads: 1, cacheBytes: 0)
        let warm = try LocalModel(path: Model.path, threads: 2)
        let expected = try await alone.generate(request())
        _ = try await warm.generate(request(lead: "Ines, founder", seed: 9))
        let first = try await warm.generate(request())
        let second = try await warm.generate(request())
        for output in [first, second] {
            XCTAssertEqual(output.segmentTexts, expected.segmentTexts)
            XCTAssertEqual(output.slots, expected.slots)
            XCTAssertEqual(output.generatedTokens, expected.generatedTokens)
        }
        XCTAssertEqual(expected.cachedTokens, 0)
        XCTAssertGreaterThan(first.cachedTokens, 20, "the system message is known from the other lead")
        // What is kept are whole pages of 32 tokens.
        XCTAssertGreaterThanOrEqual(second.cachedTokens, second.promptTokens / 32 * 32 - 64)
    }

    func testSeedsDecide() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        var request = request()
        request.sampling = Sampling(temperature: 1.2, topK: 0, topP: 1)
        var texts: Set<String> = []
        for seed in [1, 2, 3] as [UInt64] {
            request.seed = seed
            let output = try await model.generate(request)
            texts.insert(output.slots[0].text)
        }
        XCTAssertGreaterThan(texts.count, 1)
    }

    func testRefusedTextsAreWrittenAgainAndThenTakeTheDefault() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let refused = WriteSlot(
            name: "line", maximumWords: 12, attempts: 2, fallback: "Good to hear from you.",
            check: { _ in .fails("never") })
        let output = try await model.generate(
            request(segments: [.literal("Hello. "), .write(refused), .literal(" Bye.")]))
        XCTAssertEqual(output.text, "Hello. Good to hear from you. Bye.")
        XCTAssertEqual(output.slots[0].outcome, .fallback)
        XCTAssertEqual(output.slots[0].attempts, 2)
        XCTAssertEqual(output.slots[0].reasons.first, "never")
        XCTAssertNil(output.slots[0].score)

        let second = WriteSlot(
            name: "line", maximumWords: 30, attempts: 6, fallback: "-", check: SecondTry().judge)
        let rewritten = try await model.generate(request(segments: [.literal("Hello. "), .write(second)]))
        XCTAssertEqual(rewritten.slots[0].outcome, .rewritten)
        XCTAssertEqual(rewritten.slots[0].attempts, rewritten.slots[0].reasons.count + 1)
        XCTAssertTrue(rewritten.slots[0].reasons.contains("again"))
    }

    func testTheChoiceFollowsTheLeadNotThePrior() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let variants = ["plant maintenance", "school lessons"]
        for (lead, expected) in [
            ("a plant manager who maintains machines in a factory", "plant maintenance"),
            ("a teacher who plans lessons for her pupils at a school", "school lessons"),
        ] {
            let choice = ChooseSlot(name: "topic", variants: variants, neutralPrefix: "This is about ")
            let output = try await model.generate(
                request(lead: lead, segments: [.literal("This is about "), .choose(choice)]))
            XCTAssertEqual(output.text, "This is about \(expected)", lead)
        }
    }

    func testWhatCannotFitIsRefused() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let long = String(repeating: "word ", count: 9000)
        do {
            _ = try await model.generate(request(lead: long))
            XCTFail("a prompt of 9000 words fits no context of 8192 tokens")
        } catch {
            XCTAssertEqual(error.code, .contextOverflow)
            XCTAssertFalse(error.message.contains("word word"))
        }
        do {
            _ = try await model.generate(request(segments: [.literal("Hi "), .literal(long)]))
            XCTFail("a scaffold of 9000 words fits no context of 8192 tokens")
        } catch {
            XCTAssertEqual(error.code, .contextOverflow)
        }
    }

    func testACancelledTaskGetsNoText() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let request = request(lead: String(repeating: "word ", count: 4000))
        let task = Task { () -> LanguageModelError.Code? in
            do throws(LanguageModelError) {
                _ = try await model.generate(request)
                return nil
            } catch {
                return error.code
            }
        }
        task.cancel()
        let code = await task.value
        XCTAssertEqual(code, .cancelled)
        let after = try await model.generate(self.request(segments: [.literal("Still here.")]))
        XCTAssertEqual(after.text, "Still here.")
    }

    func testTheIdentityIsTheFile() throws {
        let model = try LocalModel(path: Model.path, threads: 1)
        XCTAssertEqual(model.identity.name, "SmolLM2-135M-Instruct.Q4_1.gguf")
        XCTAssertEqual(
            model.identity.sha256, "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
        XCTAssertTrue(model.identity.isReproducible)
        XCTAssertThrowsError(try LocalModel(path: "/nonexistent.gguf")) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, .unreadableFile)
        }
    }

    func testCompletionsEndWithTheTurnOrTheTokens() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let question = [ChatMessage(.user, "What is the capital of France? Answer in one word.")]
        let answer = try await model.complete(
            question, maximumTokens: 40, sampling: Sampling(temperature: 0, topK: 0, topP: 1))
        XCTAssertTrue(answer.text.contains("Paris"), answer.text)
        XCTAssertFalse(answer.isCut)
        let cut = try await model.complete(question, maximumTokens: 1, seed: 3)
        XCTAssertEqual(cut.tokens.count, 1)
        XCTAssertTrue(cut.isCut)
        let longer = try await model.complete(
            question, maximumTokens: 40, sampling: Sampling(temperature: 0, topK: 0, topP: 1), ignoresEnd: true)
        XCTAssertEqual(longer.tokens.count, 40)
        XCTAssertTrue(longer.isCut)
        XCTAssertTrue(longer.text.hasPrefix(answer.text), longer.text)
        XCTAssertEqual(answer.cachedTokens, 0)
        XCTAssertEqual(longer.cachedTokens, longer.promptTokens / 32 * 32, "whole pages of the same prompt are known")
    }

    // MARK: Requests

    private let variants = ["Book a call with us.", "See how it works in a short demonstration."]

    private func request(lead: String = "Tom, plant manager", seed: UInt64 = 5, segments: [Segment]? = nil)
        -> GenerationRequest
    {
        let system = ChatMessage(
            .system,
            "You write short, plain notes for TechFlow, which makes data-pipeline observability for software teams.")
        let close = ChooseSlot(name: "close", variants: variants, neutralPrefix: "Hi there,\n\nThanks.\n\n")
        return GenerationRequest(
            messages: [system, ChatMessage(.user, "Write to \(lead). They asked for a proposal.")],
            neutralMessages: [system, ChatMessage(.user, "Write to a reader.")],
            segments: segments ?? [
                .literal("Hi Tom,\n\n"), .write(slot("opening", words: 20)),
                .literal(" It takes 20 minutes.\n\n"), .choose(close), .literal("\n\nThe TechFlow team"),
            ], seed: seed)
    }

    private func slot(_ name: String, words: Int) -> WriteSlot {
        WriteSlot(name: name, maximumWords: words, attempts: 2, fallback: "your interest.", check: { _ in .stands })
    }
}

/// Refuses the first text that it sees.
private final class SecondTry: Sendable {
    private let seen = Mutex(0)

    func judge(_ text: String) -> SlotVerdict {
        seen.withLock { count in
            count += 1
            return count > 1 ? .stands : .fails("again")
        }
    }
}
