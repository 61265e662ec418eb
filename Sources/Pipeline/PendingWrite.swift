import CRM
import Foundation
import JobQueue

/// A write-back on its way: the job, what it writes, and what became of it so far.
struct PendingWrite: Sendable {
    let job: Job
    let generation: StoredGeneration
    /// What goes to the CRM.
    private(set) var intent: WriteIntent
    /// How often the call was begun.
    var attempts: Int
    /// Where it stands in the CRM.
    private(set) var location: String?
    /// The system's own id for the call.
    private(set) var receipt: String?

    init(job: Job, generation: StoredGeneration, intent: WriteIntent, attempts: Int) {
        self.job = job
        self.generation = generation
        self.intent = intent
        self.attempts = attempts
    }

    /// The same write, known to stand in the CRM.
    func located(_ location: String, receipt: String?) -> PendingWrite {
        var write = self
        write.location = location
        write.receipt = receipt
        return write
    }

    /// The same write, to the record that stands for its lead now.
    func addressed(to lead: LeadIdentity) -> PendingWrite {
        var write = self
        write.intent.lead = lead
        return write
    }

    /// Whether it is no longer worth writing. What may stand in the CRM already is not given up: it is looked for.
    func isStale(at now: Date) -> Bool { attempts == 0 && generation.validUntil.map { $0 <= now } ?? false }

    /// Whether it may be written, now that the CRM was asked once more.
    ///
    /// - Parameter survivor: what our tables know of the record that was read.
    func permission(_ reading: LeadReading, survivor: KnownLead?) -> WritePermission {
        WritePermission(
            optedOut: generation.optedOutAt != nil || survivor?.optedOutAt != nil,
            erased: generation.erasedAt != nil || survivor?.erasedAt != nil, reading: reading)
    }
}
