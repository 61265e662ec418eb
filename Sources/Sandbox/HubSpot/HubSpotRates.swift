import Foundation
import HTTPTypes
import JSON

/// The calls that count against the app's budgets.
struct HubSpotRates: Sendable {
    /// A budget that can be used up.
    enum Limit {
        case burst
        case daily
        case search
    }

    static let interval: TimeInterval = 10

    private var recent: [Date] = []
    private var searches: [Date] = []
    private var day = 0
    private var today = 0

    /// Counts a call, unless a budget is used up.
    mutating func charge(isSearch: Bool, settings: HubSpotSettings, now: Date) -> Limit? {
        let day = Int(now.timeIntervalSince1970 / 86_400)
        if day != self.day { (self.day, today) = (day, 0) }
        guard today < settings.dailyLimit else { return .daily }
        if isSearch {
            searches.removeAll { $0 <= now.addingTimeInterval(-1) }
            guard searches.count < settings.searchLimit else { return .search }
            searches.append(now)
        }
        recent.removeAll { $0 <= now.addingTimeInterval(-Self.interval) }
        guard recent.count < settings.burstLimit else { return .burst }
        recent.append(now)
        today += 1
        return nil
    }

    /// The headers that tell a caller what is left.
    func describe(in headers: inout HTTPHeaders, settings: HubSpotSettings, now: Date) {
        headers["X-HubSpot-RateLimit-Max"] = String(settings.burstLimit)
        headers["X-HubSpot-RateLimit-Remaining"] = String(max(0, settings.burstLimit - recent.count))
        headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = String(Int(Self.interval * 1000))
        headers["X-HubSpot-RateLimit-Daily"] = String(settings.dailyLimit)
        headers["X-HubSpot-RateLimit-Daily-Remaining"] = String(max(0, settings.dailyLimit - today))
    }
}

extension HubSpotPortal {
    mutating func chargeRate(isSearch: Bool, now: Date) throws(Refusal) {
        guard let limit = rates.charge(isSearch: isSearch, settings: settings, now: now) else { return }
        var response = rateLimitAnswer(limit)
        if limit != .search { rates.describe(in: &response.headers, settings: settings, now: now) }
        throw Refusal(response)
    }

    mutating func rateLimitAnswer(_ limit: HubSpotRates.Limit) -> HTTPResponse {
        let (message, policy): (String, String) =
            switch limit {
            case .burst: ("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
            case .daily: ("You have reached your daily limit.", "DAILY")
            case .search: ("You have reached your secondly limit.", "SECONDLY")
            }
        return .json(
            [
                "status": "error", "message": .string(message), "errorType": "RATE_LIMIT",
                "correlationId": .string(random.uuid()), "policyName": .string(policy),
                "requestId": .string(random.uuid()),
            ], status: 429)
    }
}
