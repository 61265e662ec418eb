public import Foundation

/// What a login gives out. Printing it shows nothing of the token.
public struct AccessToken: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The token itself.
    public let text: String
    /// When it ends, if the system says so.
    public let expiresAt: Date?
    /// Where the account's API is reached, if the login says so (Salesforce's `instance_url`).
    public let baseURL: String?

    /// Creates a token.
    public init(_ text: String, expiresAt: Date? = nil, baseURL: String? = nil) {
        self.text = text
        self.expiresAt = expiresAt
        self.baseURL = baseURL
    }

    public var description: String { "AccessToken" }
    public var debugDescription: String { description }
}

/// One connection's access token, fetched once however many calls need it at the same time. Two refreshes at once are
/// more than waste: Salesforce refuses the second one, and a rotated refresh token makes it fatal.
public actor AccessTokens {
    private let now: @Sendable () -> Date
    private let store: any LoginStore
    private let logIn: @Sendable (Login?) async throws(CRMError) -> Login
    private var current: AccessToken?
    private var fetching: Task<Result<AccessToken, CRMError>, Never>?

    /// Tokens that come from `logIn` when none is there or the present one ends within a minute.
    ///
    /// - Parameters:
    ///   - store: keeps the login for other processes; what one of them has renewed meanwhile is taken from there.
    ///   - logIn: logs in anew, knowing the last login that is kept.
    public init(
        now: @escaping @Sendable () -> Date, store: any LoginStore = UnsharedLogin(),
        logIn: @escaping @Sendable (Login?) async throws(CRMError) -> Login
    ) {
        self.now = now
        self.store = store
        self.logIn = logIn
    }

    /// The present token, or a new one.
    public func token() async throws(CRMError) -> AccessToken {
        if let current, current.isGood(at: now()) { return current }
        return try await fetchOnce(insteadOf: nil)
    }

    /// A token other than one that was refused; the one that another call has fetched since, if there is one.
    public func replacement(for refused: AccessToken) async throws(CRMError) -> AccessToken {
        if current?.text == refused.text { current = nil }
        if let current, current.isGood(at: now()) { return current }
        return try await fetchOnce(insteadOf: refused)
    }

    private func fetchOnce(insteadOf refused: AccessToken?) async throws(CRMError) -> AccessToken {
        // A task of its own: a caller that is cancelled must not take the login away from those who wait with it.
        let task =
            fetching
            ?? Task { [now, store, logIn] in
                do throws(CRMError) {
                    let login = try await store.exchange { (kept) throws(CRMError) in
                        if let kept, kept.token.text != refused?.text, kept.token.isGood(at: now()) { return kept }
                        return try await logIn(kept)
                    }
                    return .success(login.token)
                } catch {
                    return .failure(error)
                }
            }
        fetching = task
        let result = await task.value
        if fetching == task {
            fetching = nil
            current = try? result.get()
        }
        return try result.get()
    }
}

extension AccessToken {
    /// Whether it holds for another minute, as far as is known.
    fileprivate func isGood(at time: Date) -> Bool { expiresAt.map { $0 > time.addingTimeInterval(60) } ?? true }
}
