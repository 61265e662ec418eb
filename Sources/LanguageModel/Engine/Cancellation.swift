import Synchronization

/// Whether the caller still wants the text; asked between chunks and between tokens.
final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Cannot be taken back.
    func cancel() { flag.store(true, ordering: .relaxed) }

    var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
