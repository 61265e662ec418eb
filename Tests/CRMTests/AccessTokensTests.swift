import CRM
import Foundation
import Synchronization
import XCTest

final class AccessTokensTests: XCTestCase {
    /// Counts logins, and numbers the tokens it gives out.
    private final class Login: Sendable {
        let count = Mutex(0)
        let expiresIn: TimeInterval?

        init(expiresIn: TimeInterval? = nil) { self.expiresIn = expiresIn }

        func tokens(now: @escaping @Sendable () -> Date = { Date(timeIntervalSince1970: 0) }) -> AccessTokens {
            AccessTokens(now: now) { [self] () throws(CRMError) in
                await Task.yield()
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return AccessToken("token \(number)", expiresAt: expiresIn.map { now().addingTimeInterval($0) })
            }
        }
    }

    func testConcurrentCallsShareOneLogin() async throws {
        let login = Login()
        let tokens = login.tokens()
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await tokens.token().text } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        XCTAssertEqual(texts, ["token 1"])
        XCTAssertEqual(login.count.withLock { $0 }, 1)
    }

    func testARefusedTokenIsReplacedOnce() async throws {
        let login = Login()
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

    func testATokenIsReplacedBeforeItEnds() async throws {
        let time = Mutex(Date(timeIntervalSince1970: 0))
        let tokens = Login(expiresIn: 1800).tokens { time.withLock { $0 } }
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
        let tokens = AccessTokens(now: { Date() }) { () throws(CRMError) in
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            guard attempt > 1 else { throw CRMError(.unavailable, "no answer") }
            return AccessToken("token \(attempt)")
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
