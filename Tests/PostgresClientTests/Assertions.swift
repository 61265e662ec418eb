import PostgresClient
import XCTest

/// Asserts that the database refuses with that code, and returns the error.
@discardableResult
func assertThrows<T>(
    _ code: PostgresError.Code, file: StaticString = #filePath, line: UInt = #line, _ body: () async throws -> T
) async -> PostgresError? {
    do {
        _ = try await body()
        XCTFail("expected \(code)", file: file, line: line)
    } catch {
        XCTAssertEqual((error as? PostgresError)?.code, code, "\(error)", file: file, line: line)
        return error as? PostgresError
    }
    return nil
}

/// Waits for something that the server does in its own time, ten seconds at most.
func eventually(
    file: StaticString = #filePath, line: UInt = #line, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            return XCTFail("it did not come to pass within 10 s", file: file, line: line)
        }
    }
}
