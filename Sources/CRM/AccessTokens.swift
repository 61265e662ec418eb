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
    private let fetch: @Sendable () async throws(CRMError) -> AccessToken
    private var current: AccessToken?
    private var fetching: Task<Result<AccessToken, CRMError>, Never>?

    /// Tokens that are fetched by `fetch` when none is there or the present one ends within a minute.
    public init(
        now: @escaping @Sendable () -> Date, fetch: @escaping @Sendable () async throws(CRMError) -> AccessToken
    ) {
        self.now = now
        self.fetch = fetch
    }

    /// The present token, or a new one.
    public func token() async throws(CRMError) -> AccessToken {
        if let current, current.expiresAt.map({ $0 > now().addingTimeInterval(60) }) ?? true { return current }
        return try await fetchOnce()
    }

    /// A token other than one that was refused; the one that another call has fetched since, if there is one.
    public func replacement(for refused: AccessToken) async throws(CRMError) -> AccessToken {
        if current == refused { current = nil }
        return try await token()
    }

    private func fetchOnce() async throws(CRMError) -> AccessToken {
        // A task of its own: a caller that is cancelled must not take the login away from those who wait with it.
        let task =
            fetching
            ?? Task { [fetch] in
                do throws(CRMError) { return .success(try await fetch()) } catch { return .failure(error) }
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
