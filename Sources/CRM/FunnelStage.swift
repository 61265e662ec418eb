/// Where a lead stands in the funnel: HubSpot's lifecycle values, onto which every connection maps its own.
public enum FunnelStage: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
    case subscriber
    case lead
    case marketingqualifiedlead
    case salesqualifiedlead
    case opportunity
    case customer
    case evangelist
}
