/// What a chaos test waited for and did not get.
struct ChaosError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Returns as soon as a condition holds; looks every 50 ms. An error while looking means "not yet": the database may
/// be away.
///
/// - Parameter what: What is waited for, for the message, with what is seen meanwhile.
func eventually(
    within limit: Duration, _ what: () async -> String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var failure = ""
    while true {
        do {
            if try await condition() { return }
            failure = ""
        } catch {
            failure = "; \(error)"
        }
        guard ContinuousClock.now < deadline else { throw ChaosError("\(await what()) after \(limit)\(failure)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
