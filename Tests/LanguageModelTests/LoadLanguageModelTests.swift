import LanguageModel
import TestSupport
import XCTest

final class LoadLanguageModelTests: XCTestCase {
    func testLoadsAFile() async throws {
        let model = try await loadLanguageModel(Model.path, threads: 1, environment: [:])
        XCTAssertTrue(model.identity.isReproducible)
        XCTAssertEqual(
            model.identity.sha256, "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    }

    func testLoadsAServer() async throws {
        let model = try await loadLanguageModel(
            "HTTP://localhost:8000", threads: nil, environment: ["LEADWRIGHT_MODEL_NAME": "tiny"])
        XCTAssertEqual(model.identity.name, "tiny")
        XCTAssertFalse(model.identity.isReproducible)
    }

    func testSaysWhatIsMissing() async {
        for (location, words) in [("http://localhost", "LEADWRIGHT_MODEL_NAME"), ("/none.gguf", "/none.gguf")] {
            do {
                _ = try await loadLanguageModel(location, threads: nil, environment: [:])
                XCTFail("\(location) was loaded")
            } catch {
                XCTAssertTrue(error.message.contains(words), error.message)
            }
        }
    }
}
