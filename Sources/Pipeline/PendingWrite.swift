import CRM
import JobQueue

/// A write-back on its way: the job, what it writes, and what became of it so far.
struct PendingWrite: Sendable {
    let job: Job
    let generation: StoredGeneration
    /// What goes to the CRM.
    private(set) var intent: WriteIntent
    /// How often the call was begun, this time included; 0 before.
    var attempts = 0
    /// Where it stands in the CRM.
    private(set) var location: String?
    /// The system's own id for the call.
    private(set) var receipt: String?

    init(job: Job, generation: StoredGeneration, intent: WriteIntent) {
        self.job = job
        self.generation = generation
        self.intent = intent
    }

    /// The same write, known to stand in the CRM.
    func located(_ location: String, receipt: String?) -> PendingWrite {
        var write = self
        write.location = location
        write.receipt = receipt
        return write
    }

    /// The same write, to the record that its lead was merged into.
    func redirected(to survivor: LeadIdentity) -> PendingWrite {
        var write = self
        write.intent.lead = survivor
        return write
    }

    /// Whether it may be written, now that the CRM was asked once more.
    func permission(_ reading: LeadReading) -> WritePermission {
        WritePermission(
            optedOut: generation.optedOutAt != nil, erased: generation.erasedAt != nil, reading: reading)
    }
}
