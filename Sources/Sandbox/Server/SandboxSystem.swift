package import Foundation
package import HTTPTypes

/// The whole behaviour of one stand-in, without input and output: calls go in, answers and webhooks come out.
///
/// Everything that varies is given: the time with each call, the seed with the settings. The same calls at the same
/// times therefore make the same ids, the same answers and the same webhooks.
package protocol SandboxSystem: Sendable {
    /// One thing that the system tells its subscribers.
    associatedtype Message: Sendable
    /// What can be configured.
    associatedtype Settings: SandboxSettings

    /// What was configured.
    var settings: Settings { get }
    /// The address under which the stand-in is reached, known once its port is open.
    var address: String { get set }
    /// What it has to send.
    var outbox: Outbox<Message> { get set }
    /// What goes wrong on purpose.
    var faults: Faults { get set }
    /// What was counted so far.
    var statistics: CallStatistics { get set }

    /// Replaces the settings; records stay.
    mutating func configure(_ settings: Settings)
    /// Answers a call of the system's own API.
    mutating func serve(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse
    /// Whether the call changes records.
    func isWrite(_ request: HTTPRequest) -> Bool
    /// The system's answer to a call that a fault stops.
    mutating func answer(to fault: Faults.Failure) -> HTTPResponse

    /// The request that carries an attempt's messages, made when it is sent: signatures cover the time.
    mutating func request(for attempt: DeliveryAttempt<Message>, now: Date) -> HTTPRequest
    /// Takes the receiver's answer, `nil` when there was none.
    ///
    /// - Returns: whether the messages count as received.
    mutating func accepts(_ response: HTTPResponse?, for attempt: DeliveryAttempt<Message>, now: Date) -> Bool

    /// Creates a lead as a person in the CRM would, and returns its id.
    mutating func create(_ lead: NewLead, now: Date) throws(Refusal) -> String
    /// Moves a lead to another stage, by the system's own name for it.
    mutating func changeStage(of id: String, to stage: String, now: Date) throws(Refusal)
    /// Records that a lead wants no more mail.
    mutating func optOut(_ id: String, now: Date) throws(Refusal)
    /// Makes a lead do what was drawn for it.
    mutating func apply(_ reaction: Reaction, to id: String, now: Date) throws(Refusal)
    /// Every lead with what Leadwright wrote for it.
    var contents: [LeadContent] { get }
    /// Answers a call under `/sandbox/` that only this system has; `nil` for an unknown one.
    mutating func administer(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse?
}

/// What can be configured about a stand-in, with its defaults.
package protocol SandboxSettings: Codable, Sendable {
    init()
}

/// What a stand-in answers, and what becomes of the answer on its way.
package struct SandboxAnswer: Sendable {
    /// The answer.
    package var response: HTTPResponse
    /// How long it is held back.
    package var delay: Duration?
    /// Set when it is lost on the way, although the call took effect: how long the caller is kept waiting before a
    /// gateway's 504. A caller with less patience sees a connection without an answer.
    package var lostAfter: Duration?
}

extension SandboxSystem {
    /// Answers a call to the system's API, with the faults that are set.
    package mutating func answer(_ request: HTTPRequest, now: Date) -> SandboxAnswer {
        statistics.calls += 1
        let delay = faults.takeDelay()
        if let failure = faults.takeFailure() {
            statistics.errors += 1
            return SandboxAnswer(response: answer(to: failure), delay: delay)
        }
        let response: HTTPResponse
        do {
            response = try serve(request, now: now)
        } catch {
            response = error.response
        }
        if response.status >= 400 { statistics.errors += 1 }
        let isLost = response.isSuccess && isWrite(request) && faults.takeLostAnswer()
        if isLost { statistics.lostAnswers += 1 }
        let held = Duration.milliseconds(faults.lostAnswerMilliseconds)
        return SandboxAnswer(response: response, delay: delay, lostAfter: isLost ? held : nil)
    }
}
