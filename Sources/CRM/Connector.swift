/// What every connector does over the network for one connection.
///
/// A method either answers for each element it was given, or throws because nothing could be done at all; it never
/// throws for a single bad element. Calls take as long as the system takes, at most the connector's time-out.
public protocol Connector: Sendable {
    /// The connection it serves.
    var connection: ConnectionSettings { get }

    /// What the system last said about each of its call budgets (burst, daily); empty where it says nothing.
    var budgets: [CallBudget] { get }

    /// Creates what is missing in the account (properties, groups, fields) and checks what cannot be created from
    /// here. Safe to repeat.
    ///
    /// - Returns: one step for each thing looked at, in order.
    func connect() async throws(CRMError) -> [SetUpStep]

    /// Reads leads as they stand now, in as few calls as the system allows. `known` holds what events told us about
    /// a lead, by the system's own field names, for systems that cannot be read.
    func read(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]

    /// Finds the meaning of an event that needs a look into the CRM: the contacts of a deal, whether its stage is
    /// won.
    ///
    /// - Returns: the event once for each person it concerns; empty when it concerns nobody.
    func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent]

    /// Writes intents, filling batches as the system allows.
    ///
    /// - Returns: one outcome for each intent, in order.
    func write(_ intents: [WriteIntent]) async throws(CRMError) -> [WriteOutcome]

    /// Looks whether intents stand in the CRM.
    ///
    /// - Returns: one result for each intent, in order.
    func readBack(_ intents: [WriteIntent]) async throws(CRMError) -> [ReadBack]
}

extension Connector {
    /// Zapier's hooks tell no budget.
    public var budgets: [CallBudget] { [] }
}

/// One thing that `Connector.connect()` looked at.
public struct SetUpStep: Sendable, Hashable, Codable {
    /// What was found or done.
    public enum State: String, Sendable, Hashable, Codable {
        case present
        case created
        /// A person must do something; the detail says what.
        case missing
    }

    /// What it is: `property leadwright_nurture_email_body`.
    public let subject: String
    /// What was found or done.
    public let state: State
    /// What to know or do about it.
    public let detail: String

    /// Creates a step.
    public init(_ subject: String, _ state: State, _ detail: String = "") {
        self.subject = subject
        self.state = state
        self.detail = detail
    }
}
