import CPostgreSQL
import Foundation

/// Wakes a thread that waits in poll(2): an eventfd, readable once it is raised.
final class Interruption: Sendable {
    /// What poll(2) watches.
    let descriptor: Int32

    init() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable. May be called from any thread.
    func raise() {
        _ = eventfd_write(descriptor, 1)
    }

    /// Forgets what was raised before.
    func clear() {
        var count: eventfd_t = 0
        _ = eventfd_read(descriptor, &count)
    }
}
