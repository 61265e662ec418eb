import Foundation
import Synchronization

/// The place that `LEADWRIGHT_FAILPOINT` names, and how often it is still passed.
package final class ArmedFailpoint: Sendable {
    private let place: Failpoint
    private let passes: Atomic<Int>
    private let die: @Sendable () -> Void

    /// Reads `PLACE` or `PLACE:N`; `nil` when it is neither.
    ///
    /// - Parameter die: What happens at the place; kills the process unless a test says otherwise.
    package init?(_ text: String, die: @escaping @Sendable () -> Void = { killThisProcess() }) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let place = Failpoint(rawValue: String(parts[0])),
            let number = parts.count == 2 ? Int(parts[1]) : 1, number >= 1
        else { return nil }
        self.place = place
        self.die = die
        passes = Atomic(number)
    }

    /// What the environment asks for; nothing without the variable.
    ///
    /// A place that does not exist ends the process: a test that waits for a death that never comes says less.
    static func fromEnvironment(_ environment: [String: String]) -> ArmedFailpoint? {
        guard let text = environment[Failpoint.variable], !text.isEmpty else { return nil }
        guard let armed = ArmedFailpoint(text) else {
            let places = Failpoint.allCases.map(\.rawValue).joined(separator: ", ")
            fatalError("\(Failpoint.variable) must be PLACE or PLACE:N, with a place of: \(places)")
        }
        return armed
    }

    /// Dies here if it is the place and its time.
    package func reach(_ place: Failpoint) {
        guard place == self.place, passes.subtract(1, ordering: .relaxed).newValue == 0 else { return }
        die()
    }
}

/// Nothing runs after it: no handler, no flush, no `defer`.
package func killThisProcess() -> Never {
    kill(getpid(), SIGKILL)
    while true { pause() }
}
