import CRM
import LanguageModel
import Pipeline
import XCTest

final class RemedyTests: XCTestCase {
    private func remedy(_ code: CRMError.Code, retryAfter: Duration? = nil) -> Remedy {
        Remedy(for: CRMError(code, "", retryAfter: retryAfter))
    }

    func testEveryFailureOfACRMHasItsRemedy() {
        let remedies: [(CRMError.Code, Remedy)] = [
            (.malformedDelivery, .bury), (.unauthorized, .bury), (.forbidden, .bury), (.notFound, .bury),
            (.conflict, .retry), (.rejected, .bury), (.rateLimited, .postpone(.seconds(10))), (.unavailable, .retry),
            (.malformedAnswer, .retry), (.unknownResult, .retry), (.misconfigured, .bury), (.receiverGone, .bury),
        ]
        for (code, expected) in remedies { XCTAssertEqual(remedy(code), expected, code.rawValue) }
        // What is known to pass is waited out and costs no attempt.
        for code in [CRMError.Code.conflict, .unavailable, .rateLimited, .unauthorized, .notFound] {
            XCTAssertEqual(remedy(code, retryAfter: .seconds(3)), .postpone(.seconds(3)), code.rawValue)
        }
    }

    func testWhatNobodyWantsIsDroppedAndWhatIsBrokenIsBuried() {
        XCTAssertEqual(Remedy(for: PipelineError(.withdrawn, "")), .drop)
        XCTAssertEqual(Remedy(for: PipelineError(.malformedJob, "")), .bury)
        XCTAssertEqual(Remedy(for: PipelineError(.missing, "")), .bury)
    }

    func testPostponedJobsComeBackApart() {
        var generator = SystemRandomNumberGenerator()
        let waits = (0..<100).map { _ in Duration.seconds(10).spread(using: &generator) }
        XCTAssertTrue(waits.allSatisfy { (.seconds(10)...(.seconds(12))).contains($0) })
        XCTAssertGreaterThan(Set(waits).count, 50)
    }
}
