import CRM
import JobQueue
import LanguageModel
import PostgresClient
import Telemetry

/// Puts a job that could not be done where its failure belongs: again later, later without counting, or never.
struct Settlement: Sendable {
    let pool: PostgresPool
    let queue: JobQueue
    let log: Log

    /// Settles the job. Reasons go to operators and hold no personal data.
    func settle(_ job: Job, after error: any Error) async {
        if let error = error as? JobQueueError, error.code == .leaseLost {
            // Somebody else has it by now, or finished it; what we did was rolled back.
            log(.info, "job left to another worker", ["job": "\(job.id)", "stage": job.stage])
            return
        }
        let reason = "\(error)"
        do {
            switch Remedy(for: error) {
            case .retry: try await queue.retry(job, reason: reason, after: .backoff)
            case .postpone(let delay):
                var generator = SystemRandomNumberGenerator()
                try await queue.retry(job, reason: reason, after: .postpone(delay.spread(using: &generator)))
            case .bury: try await queue.bury(job, reason: reason)
            case .drop:
                try await pool.transaction { transaction in
                    try await queue.finish(job, in: transaction, outcome: .dropped(reason: reason))
                }
            }
            log(.warning, "job set back", ["job": "\(job.id)", "stage": job.stage, "reason": reason])
        } catch {
            // Its lease ends, and another claim finds it as it was.
            log(.error, "job not set back", ["job": "\(job.id)", "stage": job.stage, "error": "\(error)"])
        }
    }
}

/// What to do with a job after an error. Pure.
package enum Remedy: Sendable, Hashable {
    /// Again after a random time that grows with the attempts.
    case retry
    /// Again after this time; no attempt is counted.
    case postpone(Duration)
    /// Never; a person must act, and may bring the job back then.
    case bury
    /// Never; nobody wants it any more.
    case drop

    package init(for error: any Error) {
        switch error {
        case let error as CRMError:
            switch error.remedy {
            case .retry, .readBack: self = .retry
            case .postpone(let delay): self = .postpone(delay)
            case .giveUp: self = .bury
            }
        case let error as PipelineError: self = error.code == .withdrawn ? .drop : .bury
        case let error as LanguageModelError:
            switch error.code {
            case .unavailable, .malformedAnswer, .cancelled, .deadlineExceeded, .unknownAdapter: self = .retry
            case .unreadableFile, .malformedFile, .unsupportedModel, .insufficientMemory, .adapterMismatch,
                .contextOverflow, .invalidRequest, .unsupportedGrammar:
                self = .bury
            }
        default: self = .retry
        }
    }
}

extension Duration {
    /// Up to a fifth longer, by chance: jobs that were postponed together do not come back together.
    package func spread(using generator: inout some RandomNumberGenerator) -> Duration {
        self + self * Double.random(in: 0...0.2, using: &generator)
    }
}
