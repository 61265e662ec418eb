import CRM
import JobQueue
import LanguageModel
import PostgresClient
import Telemetry

/// Decides what becomes of a job that could not be done: again later, later without counting, or never.
struct Settlement: Sendable {
    let queue: JobQueue
    let log: Log

    /// Puts the job where its failure belongs. Reasons go to operators and hold no personal data.
    func settle(_ job: Job, after error: any Error) async {
        if let error = error as? JobQueueError, error.code == .leaseLost {
            // Somebody else has it by now, or finished it; what we did was rolled back.
            log(.info, "job left to another worker", ["job": "\(job.id)", "stage": job.stage])
            return
        }
        let reason = "\(error)"
        do {
            switch Self.remedy(for: error) {
            case .retry, .readBack: try await queue.retry(job, reason: reason, after: .backoff)
            case .postpone(let delay): try await queue.retry(job, reason: reason, after: .postpone(delay))
            case .giveUp: try await queue.bury(job, reason: reason)
            }
            log(.warning, "job set back", ["job": "\(job.id)", "stage": job.stage, "reason": reason])
        } catch {
            // Its lease ends, and another claim finds it as it was.
            log(.error, "job not set back", ["job": "\(job.id)", "stage": job.stage, "error": "\(error)"])
        }
    }

    /// What to do after an error; pure.
    static func remedy(for error: any Error) -> CRMError.Remedy {
        switch error {
        case let error as CRMError: error.remedy
        case is PipelineError: .giveUp
        case let error as LanguageModelError:
            switch error.code {
            case .unavailable, .malformedAnswer, .cancelled, .deadlineExceeded, .unknownAdapter: .retry
            case .unreadableFile, .malformedFile, .unsupportedModel, .insufficientMemory, .adapterMismatch,
                .contextOverflow, .invalidRequest, .unsupportedGrammar:
                .giveUp
            }
        default: .retry
        }
    }
}
