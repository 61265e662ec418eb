import Foundation
import HTTPTypes
import JSON

/// `POST /crm/v3/objects/{type}/search`.
extension HubSpotPortal {
    mutating func search(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        let groups = (body["filterGroups"]?.array ?? []).map { $0["filters"]?.array ?? [] }
        for filter in groups.joined() {
            let name = filter["propertyName"]?.string ?? ""
            guard tables[type]?.properties[name] != nil else {
                throw invalid(
                    "There was a problem with the request.",
                    errors: [
                        ["message": .string("Property \"\(name)\" does not exist"), "code": "PROPERTY_DOESNT_EXIST"]
                    ])
            }
            guard HubSpotFilter.operators.contains(filter["operator"]?.string ?? "") else {
                throw invalid("Invalid input JSON: unknown operator \(filter["operator"]?.string ?? "")")
            }
        }
        let limit = body["limit"]?.integer ?? 10
        guard (0...200).contains(limit) else { throw invalid("limit must be between 0 and 200") }
        let offset = Int(body["after"]?.scalarText ?? "") ?? 0
        let live = (tables[type]?.ids ?? []).compactMap { tables[type]?.records[$0] }.filter { $0.archivedAt == nil }
        let text = body["query"]?.string?.lowercased()
        let found = live.filter { record in
            let fits = groups.isEmpty || groups.contains { $0.allSatisfy { HubSpotFilter.fits($0, record) } }
            return fits
                && (text.map { text in record.properties.values.contains { $0.lowercased().contains(text) } } ?? true)
        }
        let sorted = sort(found, by: body["sorts"]?[0])
        let page = sorted.dropFirst(offset).prefix(Int(limit))
        let names = shownProperties((body["properties"]?.array ?? []).compactMap(\.string), of: type)
        var answer: [String: JSONValue] = [
            "total": .integer(Int64(found.count)), "results": .array(page.map { $0.json(names) }),
        ]
        let next = offset + page.count
        // No search looks beyond 10 000 records.
        if next < min(found.count, 10_000) { answer["paging"] = ["next": ["after": .string(String(next))]] }
        return .json(.object(answer))
    }

    private func sort(_ records: [HubSpotRecord], by order: JSONValue?) -> [HubSpotRecord] {
        guard let name = order?["propertyName"]?.string ?? order?.string else { return records }
        let descending = order?["direction"]?.string == "DESCENDING"
        return records.sorted {
            let ascending = HubSpotFilter.isLess($0.properties[name] ?? "", $1.properties[name] ?? "")
            return descending ? HubSpotFilter.isLess($1.properties[name] ?? "", $0.properties[name] ?? "") : ascending
        }
    }
}

/// One condition of a search.
enum HubSpotFilter {
    static let operators: Set<String> = [
        "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
        "CONTAINS_TOKEN",
    ]

    /// Whether a record meets the condition.
    static func fits(_ filter: JSONValue, _ record: HubSpotRecord) -> Bool {
        let actual = record.properties[filter["propertyName"]?.string ?? ""]
        let wanted = filter["value"]?.scalarText ?? ""
        let values = (filter["values"]?.array ?? []).compactMap(\.scalarText)
        guard let actual else { return ["NOT_HAS_PROPERTY", "NEQ", "NOT_IN"].contains(filter["operator"]?.string) }
        switch filter["operator"]?.string {
        case "EQ": return actual.lowercased() == wanted.lowercased()
        case "NEQ": return actual.lowercased() != wanted.lowercased()
        case "LT": return isLess(actual, wanted)
        case "LTE": return !isLess(wanted, actual)
        case "GT": return isLess(wanted, actual)
        case "GTE": return !isLess(actual, wanted)
        case "BETWEEN":
            return !isLess(actual, wanted) && !isLess(filter["highValue"]?.scalarText ?? "", actual)
        case "IN": return values.contains { $0.lowercased() == actual.lowercased() }
        case "NOT_IN": return !values.contains { $0.lowercased() == actual.lowercased() }
        case "HAS_PROPERTY": return true
        case "CONTAINS_TOKEN":
            return actual.lowercased().contains(wanted.lowercased().replacing("*", with: ""))
        default: return false
        }
    }

    /// Compares as numbers or times where both are, as text otherwise.
    static func isLess(_ left: String, _ right: String) -> Bool {
        if let left = Double(left), let right = Double(right) { return left < right }
        if let left = Timestamp.parse(left), let right = Timestamp.parse(right) { return left < right }
        return left < right
    }
}
