import CRM
import Foundation
import Synchronization
import XCTest

final class AccessTokensTests: XCTestCase {
    /// Counts logins, and numbers the tokens it gives out.
    private final class Counter: Sendable {
        let count = Mutex(0)
        let expiresIn: TimeInterval?

        init(expiresIn: TimeInterval? = nil) { self.expiresIn = expiresIn }

        func tokens(
            store: any LoginStore = UnsharedLogin(),
            now: @escaping @Sendable () -> Date = { Date(timeIntervalSince1970: 0) }
        ) -> AccessTokens {
            AccessTokens(now: now, store: store) { [self] (_) throws(CRMError) in
                await Task.yield()
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return CRM.Login(
                    token: AccessToken("token \(number)", expiresAt: expiresIn.map { now().addingTimeInterval($0) }))
            }
        }
    }

    func testConcurrentCallsShareOneLogin() async throws {
        let login = Counter()
        let tokens = login.tokens()
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await tokens.token().text } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        XCTAssertEqual(texts, ["token 1"])
        XCTAssertEqual(login.count.withLock { $0 }, 1)
    }

    func testARefusedTokenIsReplacedOnce() async throws {
        let login = Counter()
        let tokens = login.tokens()
        let refused = try await tokens.token()
        async let first = tokens.replacement(for: refused).text
        async let second = tokens.replacement(for: refused).text
        let texts = try await [first, second]
        XCTAssertEqual(texts, ["token 2", "token 2"])
        // A late refusal of the old token must not throw the new one away.
        let late = try await tokens.replacement(for: refused).text
        XCTAssertEqual(late, "token 2")
    }

    /// Two processes share a store: the second refusal finds what the first one renewed, and logs in no third time.
    func testWhatAnotherProcessRenewedIsTaken() async throws {
        let (login, store) = (Counter(), UnsharedLogin())
        let (here, there) = (login.tokens(store: store), login.tokens(store: store))
        let refused = try await here.token()
        let same = try await there.token()
        XCTAssertEqual(refused, same)
        let renewed = try await here.replacement(for: refused)
        let taken = try await there.replacement(for: refused)
        XCTAssertEqual([renewed.text, taken.text], ["token 2", "token 2"])
        // A token that is refused itself is renewed, though it stands in the store.
        let next = try await there.replacement(for: taken)
        XCTAssertEqual(next.text, "token 3")
    }

    func testATokenIsReplacedBeforeItEnds() async throws {
        let time = Mutex(Date(timeIntervalSince1970: 0))
        let tokens = Counter(expiresIn: 1800).tokens { time.withLock { $0 } }
        _ = try await tokens.token()
        time.withLock { $0 = Date(timeIntervalSince1970: 1700) }
        let early = try await tokens.token().text
        XCTAssertEqual(early, "token 1")
        time.withLock { $0 = Date(timeIntervalSince1970: 1741) }
        let late = try await tokens.token().text
        XCTAssertEqual(late, "token 2")
    }

    func testAFailedLoginIsTriedAgainByTheNextCall() async throws {
        let attempts = Mutex(0)
        let tokens = AccessTokens(now: { Date() }) { (_) throws(CRMError) in
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            guard attempt > 1 else { throw CRMError(.unavailable, "no answer") }
            return CRM.Login(token: AccessToken("token \(attempt)"))
        }
        do {
            _ = try await tokens.token()
            XCTFail("the failed login must be reported")
        } catch {
            XCTAssertEqual(error.code, .unavailable)
        }
        let second = try await tokens.token()
        XCTAssertEqual(second.text, "token 2")
        XCTAssertEqual("\(second)", "AccessToken")
    }
}
