import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import JSON
import LanguageModel
import XCTest

final class OpenAIModelTests: XCTestCase {
    private let client = HTTPClient()

    override func tearDown() async throws { await client.close() }

    func testFillsAScaffold() async throws {
        let (output, server) = try await generate(
            [
                .literal("Hi Ana,\n\n"), .write(slot("opening")), .literal("\n\n"),
                .choose(
                    ChooseSlot(name: "offer", variants: ["A free class.", "10 % off."], neutralPrefix: "Hi there,")),
                .literal(" Your studio"),
            ]
        ) { number, _ in
            switch number {
            case 0: ScriptedModelServer.text("Yoga starts on Monday. Bring a towel.")
            case 1: ScriptedModelServer.letter("B", ["A": 0.6, " B": 0.3, "The": 0.1])
            // Everybody likes the free class; so for this reader the second variant says more.
            default: ScriptedModelServer.letter("A", ["A": 0.9, "B": 0.1])
            }
        }
        XCTAssertEqual(output.text, "Hi Ana,\n\nYoga starts on Monday.\n\n10 % off. Your studio")
        XCTAssertEqual(output.segmentTexts.count, 5)
        XCTAssertEqual(output.slots.map(\.outcome), [.stood, .stood])
        XCTAssertEqual(try XCTUnwrap(output.slots[1].score), log(0.3 / 0.1), accuracy: 1e-5)
        XCTAssertEqual(output.promptTokens, 100)
        XCTAssertEqual(output.cachedTokens, 60)
        XCTAssertEqual(output.generatedTokens, 7)
        XCTAssertEqual(
            output.prompt,
            #"[{"content":"You write for a studio.","role":"system"},{"content":"Write to Ana.","role":"user"}]"#)

        let request = try XCTUnwrap(server.requests.first)
        XCTAssertEqual(request.method, "POST")
        XCTAssertEqual(request.target, "/v1/chat/completions")
        XCTAssertEqual(request.headers["Authorization"], "Bearer secret-key")
        let bodies = server.bodies
        XCTAssertEqual(bodies[0]["model"]?.string, "tiny")
        XCTAssertEqual(bodies[0]["messages"]?.array?.count, 2)
        let question = try XCTUnwrap(bodies[0]["messages"]?[1]?["content"]?.string)
        XCTAssertTrue(question.hasPrefix("Write to Ana.\n\nThis is the text so far:\n\nHi Ana,\n\n"), question)
        let choice = try XCTUnwrap(bodies[1]["messages"]?[1]?["content"]?.string)
        XCTAssertTrue(choice.contains("Yoga starts on Monday.\n\n"), choice)
        XCTAssertTrue(choice.contains("A) A free class.\nB) 10 % off."), choice)
        XCTAssertEqual(bodies[1]["max_tokens"]?.integer, 1)
        let neutral = try XCTUnwrap(bodies[2]["messages"]?[0]?["content"]?.string)
        XCTAssertTrue(neutral.contains("Hi there,"), neutral)
        XCTAssertFalse(neutral.contains("Ana"), neutral)
    }

    func testTriesAgainAndFallsBack() async throws {
        let (output, server) = try await generate([.write(slot("a")), .literal(" "), .write(slot("b"))]) { number, _ in
            ScriptedModelServer.text(["It costs 40 euros.", "It is new.", "It costs 50.", "It costs 60."][number])
        }
        XCTAssertEqual(output.text, "It is new. We are here.")
        XCTAssertEqual(output.slots.map(\.outcome), [.rewritten, .fallback])
        XCTAssertEqual(output.slots.map(\.attempts), [2, 2])
        XCTAssertEqual(output.slots[1].reasons, ["a number", "a number"])
        XCTAssertEqual(Set(server.bodies.map { $0["seed"] }).count, 4)
    }

    func testCutsWhatTheServerCutOff() async throws {
        let (output, _) = try await generate([.write(slot("a"))]) { number, _ in
            ScriptedModelServer.text(number == 0 ? "It is so" : "It is new", finish: number == 0 ? "length" : "stop")
        }
        XCTAssertEqual(output.text, "It is new")
        XCTAssertEqual(output.slots[0].reasons, ["no finished text within 12 words"])
    }

    func testJoinsWithASpaceWhereAWordWouldTouch() async throws {
        let (output, _) = try await generate([
            .literal("Hi Ana,"), .write(slot("a")), .literal(" ("), .write(slot("b")),
        ]) {
            _, _ in ScriptedModelServer.text("come by. Soon")
        }
        XCTAssertEqual(output.text, "Hi Ana, come by. (come by.")
    }

    func testKeepsThePriors() async throws {
        let server = ScriptedModelServer { _, _ in ScriptedModelServer.letter("A", ["A": 0.5, "B": 0.5]) }
        let model = try OpenAIModel(baseURL: await server.start(), model: "tiny", client: client)
        let choice = Segment.choose(ChooseSlot(name: "offer", variants: ["x", "y"], neutralPrefix: ""))
        for _ in 0..<3 { _ = try await model.generate(request([choice])) }
        await server.stop()
        XCTAssertEqual(server.requests.count, 4)
    }

    func testChoosesWithoutLogProbabilities() async throws {
        let cases: [(answer: String, text: String, outcome: SlotResult.Outcome)] = [
            ("B", "y", .stood), (" b", "x", .fallback), ("**C**", "z", .stood), ("D", "x", .fallback),
            ("", "x", .fallback), ("Because", "x", .fallback),
        ]
        for (answer, text, outcome) in cases {
            let (output, server) = try await generate([
                .choose(ChooseSlot(name: "offer", variants: ["x", "y", "z"], neutralPrefix: ""))
            ]) { _, _ in ScriptedModelServer.text(answer) }
            XCTAssertEqual(output.text, text, answer)
            XCTAssertEqual(output.slots[0].outcome, outcome, answer)
            XCTAssertEqual(server.requests.count, 1)
        }
    }

    func testALetterOutsideTheLikeliestCountsAsTheLastOfThem() async throws {
        let (output, _) = try await generate([
            .choose(ChooseSlot(name: "offer", variants: ["x", "y", "z"], neutralPrefix: ""))
        ]) { number, _ in
            number == 0
                ? ScriptedModelServer.letter("A", ["A": 0.7, "B": 0.2, "?": 0.1])
                : ScriptedModelServer.letter("A", ["A": 0.9, "B": 0.05, "C": 0.05])
        }
        // A: 0.7/0.9, B: 0.2/0.05, C: at most 0.1/0.05.
        XCTAssertEqual(output.text, "y")
    }

    func testOneVariantNeedsNoQuestion() async throws {
        let (output, server) = try await generate([
            .choose(ChooseSlot(name: "offer", variants: ["x"], neutralPrefix: ""))
        ]) { _, _ in ScriptedModelServer.text("A") }
        XCTAssertEqual(output.text, "x")
        XCTAssertEqual(server.requests.count, 0)
    }

    func testSaysWhatIsWrong() async throws {
        let cases: [(HTTPResponse, LanguageModelError.Code, String)] = [
            (HTTPResponse(status: 429), .unavailable, "429"),
            (HTTPResponse(status: 503), .unavailable, "503"),
            (HTTPResponse(status: 401), .unavailable, "LEADWRIGHT_MODEL_KEY"),
            (HTTPResponse(status: 404), .unavailable, "LEADWRIGHT_MODEL_NAME"),
            (HTTPResponse(status: 302), .invalidRequest, "302"),
            (ScriptedModelServer.respond(["error": ["message": "Write to Ana"]], status: 400), .invalidRequest, "400"),
            (
                ScriptedModelServer.respond(["error": ["code": "context_length_exceeded"]], status: 400),
                .contextOverflow, "context"
            ),
            (
                ScriptedModelServer.respond(["error": ["type": "exceed_context_size_error"]], status: 400),
                .contextOverflow, "context"
            ),
            (HTTPResponse(status: 200, contentType: "text/html", text: "<html>"), .malformedAnswer, "JSON"),
            (ScriptedModelServer.respond(["choices": []]), .malformedAnswer, "choices[0]"),
            (ScriptedModelServer.respond(["choices": [["message": ["content": nil]]]]), .malformedAnswer, "content"),
            (ScriptedModelServer.respond([1, 2]), .malformedAnswer, "choices"),
        ]
        for (response, code, words) in cases {
            do {
                _ = try await generate([.write(slot("a"))]) { _, _ in response }
                XCTFail("\(words) was accepted")
            } catch let error as LanguageModelError {
                XCTAssertEqual(error.code, code, words)
                XCTAssertTrue(error.message.contains(words), error.message)
                XCTAssertFalse("\(error)".contains("Ana"), error.message)
                XCTAssertFalse("\(error)".contains("secret-key"), error.message)
            }
        }
    }

    func testRefusesRequestsThatMakeNoSense() async throws {
        let many = ChooseSlot(name: "offer", variants: (0..<21).map(String.init), neutralPrefix: "")
        let none = ChooseSlot(name: "offer", variants: [], neutralPrefix: "")
        for segments in [[], [.choose(many)], [.choose(none)]] as [[Segment]] {
            do {
                _ = try await generate(segments) { _, _ in ScriptedModelServer.text("A") }
                XCTFail("was accepted")
            } catch let error as LanguageModelError {
                XCTAssertEqual(error.code, .invalidRequest)
            }
        }
        for address in ["", "models/tiny.gguf", "ftp://host", "http://"] {
            XCTAssertThrowsError(try OpenAIModel(baseURL: address, model: "tiny", client: client), address)
        }
    }

    func testNobodyThere() async throws {
        let server = ScriptedModelServer { _, _ in HTTPResponse(status: 200) }
        let address = try await server.start()
        await server.stop()
        let model = try OpenAIModel(baseURL: address, model: "tiny", client: client)
        do {
            _ = try await model.generate(request([.write(slot("a"))]))
            XCTFail("was answered")
        } catch {
            XCTAssertEqual(error.code, .unavailable)
        }
    }

    func testIsCancelled() async throws {
        let asked = expectation(description: "asked")
        let server = HTTPServer { _ in
            asked.fulfill()
            // Ends only when the client goes away, which cancels the handler.
            let (never, continuation) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            continuation.finish()
            return HTTPResponse(status: 200)
        }
        let model = try OpenAIModel(
            baseURL: "http://127.0.0.1:\(try await server.start())", model: "tiny", client: client)
        let request = request([.write(slot("a"))])
        let task = Task { try await model.generate(request) }
        await fulfillment(of: [asked], timeout: 20)
        task.cancel()
        do {
            _ = try await task.value
            XCTFail("was answered")
        } catch let error as LanguageModelError {
            XCTAssertEqual(error.code, .cancelled)
        }
        await server.stop()
    }

    func testNeverShowsTheKey() throws {
        let model = try OpenAIModel(baseURL: "http://host:1/v1/", model: "tiny", key: "secret-key", client: client)
        var shown = "\(model)" + String(reflecting: model)
        dump(model, to: &shown)
        XCTAssertFalse(shown.contains("secret-key"))
        XCTAssertEqual(model.identity.name, "tiny")
        XCTAssertFalse(model.identity.isReproducible)
        XCTAssertEqual(model.identity.sha256.count, 64)
    }

    private func slot(_ name: String) -> WriteSlot {
        WriteSlot(name: name, maximumWords: 12, fallback: "We are here.") { text in
            text.contains(where: \.isNumber) ? .fails("a number") : .stands
        }
    }

    private func request(_ segments: [Segment]) -> GenerationRequest {
        GenerationRequest(
            messages: [ChatMessage(.system, "You write for a studio."), ChatMessage(.user, "Write to Ana.")],
            neutralMessages: [ChatMessage(.user, "Write to somebody.")], segments: segments, seed: 7)
    }

    private func generate(
        _ segments: [Segment], _ answer: @escaping @Sendable (Int, JSONValue) -> HTTPResponse
    ) async throws -> (GenerationOutput, ScriptedModelServer) {
        let server = ScriptedModelServer(answer)
        let model = try OpenAIModel(baseURL: await server.start(), model: "tiny", key: "secret-key", client: client)
        do {
            let output = try await model.generate(request(segments))
            await server.stop()
            return (output, server)
        } catch {
            await server.stop()
            throw error
        }
    }
}
