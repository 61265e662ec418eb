import Foundation

/// A place at which this process can be made to die, for tests of what survives it.
///
/// `LEADWRIGHT_FAILPOINT=write.answered` ends the process there as `kill -9` would; `write.answered:3` lets it pass
/// twice before. Without the variable a place costs a function call and the look at one stored value: 6 ns.
public enum Failpoint: String, Sendable, CaseIterable {
    // The gateway, in the order of a delivery.

    /// The signature is right; nothing is stored.
    case deliveryVerified = "delivery.verified"
    /// Delivery, events and jobs are in the transaction.
    case deliveryCommitting = "delivery.committing"
    /// They are committed; the sender has no answer.
    case deliveryCommitted = "delivery.committed"

    // The worker, in the order of an event.

    /// Events are claimed.
    case understandClaimed = "understand.claimed"
    /// Their leads were read from the CRM.
    case understandRead = "understand.read"
    /// A plan and the end of its event's job are in the transaction.
    case understandCommitting = "understand.committing"
    /// They are committed; the other workers were not told.
    case understandCommitted = "understand.committed"
    /// What came of an event that asks for no text (an outcome, an opt-out, a merge, an erasure, or nothing) and the end of
    /// its job are in the transaction.
    case understandConcluding = "understand.concluding"
    /// They are committed.
    case understandConcluded = "understand.concluded"
    /// Texts are claimed.
    case generateClaimed = "generate.claimed"
    /// The text and the intent to write it are in the transaction, the end of the job is not.
    case generateIntended = "generate.intended"
    /// The whole step is in the transaction.
    case generateCommitting = "generate.committing"
    /// It is committed; the other workers were not told.
    case generateCommitted = "generate.committed"
    /// Writes are claimed.
    case writeClaimed = "write.claimed"
    /// Their attempts are counted; those that were tried before are not looked for in the CRM.
    case writeCounted = "write.counted"
    /// The call to the CRM is next.
    case writeCalling = "write.calling"
    /// The CRM answered it.
    case writeAnswered = "write.answered"
    /// The texts were read back.
    case writeReadBack = "write.read_back"
    /// A proof and the end of its job are in the transaction.
    case writeCommitting = "write.committing"
    /// One write is settled; others of the batch may not be.
    case writeCommitted = "write.committed"

    /// The environment variable that names the place.
    public static let variable = "LEADWRIGHT_FAILPOINT"

    private static let armed: ArmedFailpoint? = ArmedFailpoint.fromEnvironment(
        ProcessInfo.processInfo.environment)

    /// Ends the process if the environment says so, at this place and this time.
    public static func reach(_ place: Failpoint) { armed?.reach(place) }
}
