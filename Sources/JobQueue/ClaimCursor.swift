/// Where a worker's claims of a stage begin, and when they look further back. No input or output.
///
/// New turns lie behind the stage's clock (`queue_turns`), so a claim may begin at the clock of a moment ago, and need
/// not pass the entries of all that was taken since the last vacuum. "A moment ago" leaves time for those who drew
/// a turn and have not committed yet. Whatever took longer than that, and jobs that were locked when they were passed,
/// is found by looking further back from time to time: measured with a snapshot held open, an entry costs 0.15
/// microseconds to pass.
package struct ClaimCursor: Sendable {
    /// How far back a claim looks.
    package enum Depth: Sendable, Hashable {
        /// A tenth of a second: every claim.
        case near
        /// Ten seconds: four times a second while near claims find nothing, and once a second while they leave room.
        case deep
        /// Everything: at first, and once a minute. More seldom where that takes long, so that it takes a hundredth of
        /// the time: with millions of dead entries under a held snapshot it is seconds.
        case all
    }

    package static let nearLag = Duration.milliseconds(100)
    package static let deepLag = Duration.seconds(10)
    package static let idleInterval = Duration.milliseconds(250)
    package static let busyInterval = Duration.seconds(1)
    package static let allInterval = Duration.seconds(60)
    package static let allShare = 100

    /// The last turns taken, by priority from urgent to bulk.
    package typealias Clocks = [JobPriority: Int64]

    private var latest: Clocks = [:]
    /// The clocks at some moments of the last ten seconds, oldest first, at least 50 ms apart.
    private var past: [(at: Duration, clocks: Clocks)] = []
    private var lastDeep: Duration?
    private var nextAll = Duration.zero
    /// Whether the last claim found less than it asked for.
    private var leftRoom = false

    package init() {}

    /// How far back a claim looks at first.
    package mutating func depth(at now: Duration) -> Depth {
        guard now >= nextAll else { return leftRoom && isDue(Self.busyInterval, at: now) ? .deep : .near }
        nextAll = now + Self.allInterval
        lastDeep = now
        return .all
    }

    /// Notes how long a look at everything took, which ended now.
    package mutating func lookedAtAll(in duration: Duration, at now: Duration) {
        nextAll = max(nextAll, now + duration * Self.allShare)
    }

    /// Whether a claim that found nothing is to look further back at once. One that found something and had room for more
    /// hands that out first, and the next one looks.
    package mutating func looksDeeper(at now: Duration) -> Bool { isDue(Self.idleInterval, at: now) }

    private mutating func isDue(_ interval: Duration, at now: Duration) -> Bool {
        if let lastDeep, now - lastDeep < interval { return false }
        lastDeep = now
        return true
    }

    /// Notes whether a claim found less than it asked for.
    package mutating func left(room: Bool) { leftRoom = room }

    /// The turns at which a claim begins.
    package func marks(_ depth: Depth, at now: Duration) -> Clocks {
        switch depth {
        case .near: past.last { $0.at <= now - Self.nearLag }?.clocks ?? [:]
        case .deep: past.last { $0.at <= now - Self.deepLag }?.clocks ?? [:]
        case .all: [:]
        }
    }

    /// Notes that a claim took a job with that turn.
    package mutating func took(_ turn: Int64, _ priority: JobPriority) {
        latest[priority] = max(latest[priority] ?? 0, turn)
    }

    /// Notes the clocks as they are after a claim.
    package mutating func keep(at now: Duration) {
        if let last = past.last, now - last.at < .milliseconds(50) { return }
        past.append((now, latest))
        // One older than the deepest look is needed, to begin behind.
        while past.count > 1, past[1].at <= now - Self.deepLag { past.removeFirst() }
    }
}
