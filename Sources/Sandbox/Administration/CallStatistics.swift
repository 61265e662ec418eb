/// What a stand-in's API was asked for.
package struct CallStatistics: Codable, Sendable, Hashable {
    /// Calls of any kind.
    package var calls = 0
    /// Calls answered with a status of 400 or more.
    package var errors = 0
    /// Records created, changed or deleted by calls.
    package var writes = 0
    /// Answers lost on purpose.
    package var lostAnswers = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case calls, errors, writes
        case lostAnswers = "lost_answers"
    }
}
