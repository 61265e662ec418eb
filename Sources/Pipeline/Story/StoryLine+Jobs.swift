import Foundation
import JSON
import JobQueue

extension StoryLine {
    /// A job, with the tenants that still exist and when its lead was erased.
    init(_ job: JobTrace, tenants: Set<Int64>, erasedAt: Date?) {
        var remarks: [Remark] = []
        if !job.isReadable { remarks.append(.unreadablePayload) }
        if !tenants.contains(job.tenantID) { remarks.append(.tenantDeleted) }
        if job.isStale {
            remarks.append(.stale)
        } else if let erasedAt, erasedAt < job.end ?? .distantFuture {
            // What one stage began before the erasure, the next one drops after it.
            if job.enqueuedAt < erasedAt || job.state == .dropped { remarks.append(.erasedMeanwhile) }
        }
        self.init(
            .job, String(job.id), at: job.end ?? job.enqueuedAt, "\(job.stage): \(job.progress)", remarks: remarks)
    }
}

extension JobTrace {
    /// When it ended; `nil` while it has not.
    fileprivate var end: Date? {
        switch state {
        case .done, .dropped, .dead, .redriven: since
        case .ready, .waiting, .paused, .behind, .running: nil
        }
    }

    /// Whether its stage understands the payload.
    fileprivate var isReadable: Bool {
        guard let payload else { return false }
        switch Stage(rawValue: stage) {
        case .understand: return EventPayload(payload) != nil
        case .generate, .write: return GenerationPayload(payload) != nil
        case nil: return false
        }
    }

    fileprivate var progress: String {
        let count = "\(attempts) attempt\(attempts == 1 ? "" : "s")"
        let why = reason.map { "; last: \($0)" } ?? ""
        return switch state {
        case .done: "done after \(count)"
        case .dropped: "dropped after \(count): \(reason ?? "")"
        case .dead: "dead after \(count): \(reason ?? "")"
        case .redriven: "was dead after \(count), and was brought back as a later job: \(reason ?? "")"
        case .running: "attempt \(attempts) runs at \(worker ?? "a worker")\(why)"
        case .ready: "ready for its next attempt after \(count)\(why)"
        case .waiting: "waits until \(since.formatted(.iso8601)) after \(count)\(why)"
        case .paused: "parked by a pause after \(count)"
        case .behind: "waits behind an earlier job of the lead"
        }
    }
}
