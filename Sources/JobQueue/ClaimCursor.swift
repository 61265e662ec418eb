/// Where a worker's claims of a stage begin, and when they look further back. No input or output.
///
/// New turns lie behind the stage's clock (`queue_turns`), so a claim may begin at the clock of a moment ago, and need
/// not pass the entries of all that was taken since the last vacuum. "A moment ago" leaves time for those who drew
/// a turn and have not committed yet. Whatever took longer than that, and jobs that were locked when they were passed,
/// is found by looking further back from time to time: measured with a snapshot held open, an entry costs 0.15
/// microseconds to pass. With every claim beginning a tenth of a second ago, such a snapshot cost an eighth of the
/// throughput.
package struct ClaimCursor: Sendable {
    /// How far back a claim looks.
    package enum Depth: Sendable, Hashable {
        /// A hundredth of a second: most claims.
        case near
        /// A tenth of a second, which most commits take less than: fifty times a second, and when a claim found nothing.
        case recent
        /// Ten seconds: four times a second while claims find nothing, once a second while they leave room, and every ten
        /// seconds.
        case deep
        /// Everything: at first, and once a minute. More seldom where that takes long, so that it takes a hundredth of
        /// the time: with millions of dead entries under a held snapshot it is seconds.
        case all
    }

    package static let nearLag = Duration.milliseconds(10)
    package static let recentLag = Duration.milliseconds(100)
    package static let deepLag = Duration.seconds(10)
    package static let recentInterval = Duration.milliseconds(20)
    package static let idleInterval = Duration.milliseconds(250)
    package static let roomInterval = Duration.seconds(1)
    package static let fullInterval = Duration.seconds(10)
    package static let allInterval = Duration.seconds(60)
    package static let allShare = 100

    /// The last turns taken, by priority from urgent to bulk.
    package typealias Clocks = [JobPriority: Int64]

    private var latest: Clocks = [:]
    /// The clocks at some moments of the last ten seconds, oldest first, at least half of the near lag apart.
    private var past: [(at: Duration, clocks: Clocks)] = []
    private var lastRecent: Duration?
    private var lastDeep: Duration?
    private var nextAll = Duration.zero
    /// Whether the last claim found less than it asked for.
    private var leftRoom = false

    package init() {}

    /// How far back a claim looks at first.
    package mutating func depth(at now: Duration) -> Depth {
        if now >= nextAll {
            nextAll = now + Self.allInterval
            (lastRecent, lastDeep) = (now, now)
            return .all
        }
        if isDeepDue(leftRoom ? Self.roomInterval : Self.fullInterval, at: now) { return .deep }
        if let lastRecent, now - lastRecent < Self.recentInterval { return .near }
        lastRecent = now
        return .recent
    }

    /// Notes how long a look at everything took, which ended now.
    package mutating func lookedAtAll(in duration: Duration, at now: Duration) {
        nextAll = max(nextAll, now + duration * Self.allShare)
    }

    /// How far back a claim that found nothing looks at once. One that found something and had room for more hands that
    /// out first, and a later one looks.
    package mutating func depthAfterNothing(at now: Duration) -> Depth {
        isDeepDue(Self.idleInterval, at: now) ? .deep : .recent
    }

    private mutating func isDeepDue(_ interval: Duration, at now: Duration) -> Bool {
        if let lastDeep, now - lastDeep < interval { return false }
        (lastRecent, lastDeep) = (now, now)
        return true
    }

    /// Notes whether a claim found less than it asked for.
    package mutating func left(room: Bool) { leftRoom = room }

    /// The turns at which a claim begins.
    package func marks(_ depth: Depth, at now: Duration) -> Clocks {
        let lag: Duration
        switch depth {
        case .near: lag = Self.nearLag
        case .recent: lag = Self.recentLag
        case .deep: lag = Self.deepLag
        case .all: return [:]
        }
        return past.last { $0.at <= now - lag }?.clocks ?? [:]
    }

    /// Notes that a claim took a job with that turn.
    package mutating func took(_ turn: Int64, _ priority: JobPriority) {
        latest[priority] = max(latest[priority] ?? 0, turn)
    }

    /// Notes the clocks as they are after a claim.
    package mutating func keep(at now: Duration) {
        if let last = past.last, now - last.at < Self.nearLag / 2 { return }
        past.append((now, latest))
        // One older than the deepest look is needed, to begin behind.
        while past.count > 1, past[1].at <= now - Self.deepLag { past.removeFirst() }
    }
}
