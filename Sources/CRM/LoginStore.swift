import Synchronization

/// What a login gave. Printing it shows nothing of it.
public struct Login: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The token to call with.
    public var token: AccessToken
    /// The refresh token for the next login, where the system hands out a new one with each.
    public var refreshToken: String?

    /// Creates a login.
    public init(token: AccessToken, refreshToken: String? = nil) {
        self.token = token
        self.refreshToken = refreshToken
    }

    public var description: String { "Login" }
    public var debugDescription: String { description }
}

/// Where the login of one connection is kept between its users. There is one refresher at a time among all of them: a
/// second refresh beside the first would waste a login at best, and lose a rotated refresh token at worst.
public protocol LoginStore: Sendable {
    /// Runs `decide` with what is kept, while nobody else does, and keeps its answer. Nothing changes when it throws.
    func exchange(_ decide: @Sendable (Login?) async throws(CRMError) -> Login) async throws(CRMError) -> Login
}

/// A login that is kept in memory only, for one process and one `AccessTokens`, which asks once at a time.
public final class UnsharedLogin: LoginStore {
    private let kept = Mutex<Login?>(nil)

    /// Nothing kept yet.
    public init() {}

    public func exchange(_ decide: @Sendable (Login?) async throws(CRMError) -> Login) async throws(CRMError) -> Login {
        let login = try await decide(kept.withLock { $0 })
        kept.withLock { $0 = login }
        return login
    }
}
