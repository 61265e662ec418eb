import Foundation
import JSON

/// Running a query over the org's records. Costs a look at every record of the object.
extension SalesforceOrg {
    /// The records that a query finds, in its order.
    func run(_ query: SOQLQuery, includingDeleted: Bool) throws(SalesforceProblem) -> (
        SalesforceObject, [SalesforceRecord]
    ) {
        guard let object = objects[query.object.lowercased()] else {
            throw SalesforceProblem("INVALID_TYPE", "sObject type '\(query.object)' is not supported.")
        }
        for path in query.fields + query.order.map(\.field) { try checkPath(path, in: object) }
        if let condition = query.condition { try check(condition, in: object) }
        let table = tables[object.name] ?? SalesforceTable()
        var found = table.ids.compactMap { table.records[$0] }.filter { record in
            (includingDeleted || !record.isDeleted) && (query.condition.map { fits($0, record, object) } ?? true)
        }
        for order in query.order.reversed() { found = sorted(found, by: order, in: object) }
        found = Array(found.dropFirst(query.offset))
        return (object, query.limit.map { Array(found.prefix($0)) } ?? found)
    }

    /// The value at the end of a path, `null` when a step leads nowhere.
    func value(_ path: ArraySlice<String>, of record: SalesforceRecord, in object: SalesforceObject) -> JSONValue {
        guard let first = path.first else { return .null }
        if path.count == 1 { return object.field(first).flatMap { record.fields[$0.name] } ?? .null }
        guard let (parent, parentObject) = parent(first, of: record, in: object) else { return .null }
        return value(path.dropFirst(), of: parent, in: parentObject)
    }

    /// The record that a relationship leads to.
    func parent(_ relationship: String, of record: SalesforceRecord, in object: SalesforceObject)
        -> (SalesforceRecord, SalesforceObject)?
    {
        guard let field = object.reference(relationship), let id = record.fields[field.name]?.string else { return nil }
        for name in field.referenceTo {
            if let parent = tables[name]?.records[id], let parentObject = objects[name.lowercased()] {
                return (parent, parentObject)
            }
        }
        return nil
    }

    private func checkPath(_ path: [String], in object: SalesforceObject) throws(SalesforceProblem) {
        var objects = [object]
        for step in path.dropLast() {
            let references = objects.compactMap { $0.reference(step) }
            guard !references.isEmpty else {
                throw SalesforceProblem("INVALID_FIELD", "Didn't understand relationship '\(step)' in field path.")
            }
            objects = references.flatMap(\.referenceTo).compactMap { self.objects[$0.lowercased()] }
        }
        guard let last = path.last, objects.contains(where: { $0.field(last) != nil }) else {
            throw SalesforceProblem(
                "INVALID_FIELD", "No such column '\(path.joined(separator: "."))' on entity '\(object.name)'.")
        }
    }

    private func check(_ condition: SOQLCondition, in object: SalesforceObject) throws(SalesforceProblem) {
        switch condition {
        case .compare(let field, _, _), .among(let field, _, _):
            try checkPath(field, in: object)
            guard field.count > 1 || object.field(field[0])?.kind != .textarea else {
                throw SalesforceProblem(
                    "INVALID_FIELD", "field '\(field[0])' can not be filtered in a query call")
            }
        case .and(let left, let right), .or(let left, let right):
            try check(left, in: object)
            try check(right, in: object)
        case .not(let inner): try check(inner, in: object)
        }
    }

    private func fits(_ condition: SOQLCondition, _ record: SalesforceRecord, _ object: SalesforceObject) -> Bool {
        switch condition {
        case .and(let left, let right): return fits(left, record, object) && fits(right, record, object)
        case .or(let left, let right): return fits(left, record, object) || fits(right, record, object)
        case .not(let inner): return !fits(inner, record, object)
        case .among(let field, let values, let negated):
            let actual = value(field[...], of: record, in: object)
            return values.contains { Self.compare(actual, $0) == .orderedSame } != negated
        case .compare(let field, let comparison, let wanted):
            let actual = value(field[...], of: record, in: object)
            let order = Self.compare(actual, wanted)
            switch comparison {
            case .equal: return order == .orderedSame
            case .unequal: return order != .orderedSame
            case .like: return Self.like(actual.scalarText ?? "", wanted.scalarText ?? "")
            case .less, .lessOrEqual, .greater, .greaterOrEqual:
                guard actual != .null, let order else { return false }
                switch comparison {
                case .less: return order == .orderedAscending
                case .lessOrEqual: return order != .orderedDescending
                case .greater: return order == .orderedDescending
                default: return order != .orderedAscending
                }
            }
        }
    }

    /// Compares as numbers, ids, times or texts without regard to case; `nil` where that makes no sense.
    private static func compare(_ left: JSONValue, _ right: JSONValue) -> ComparisonResult? {
        if left == right { return .orderedSame }
        if let left = left.double, let right = right.double {
            return left < right ? .orderedAscending : .orderedDescending
        }
        guard let left = left.string, let right = right.string else { return nil }
        if let id = SalesforceIdentifier.canonical(right), left == id { return .orderedSame }
        if left.contains("T") || right.contains("T"), let left = Timestamp.parse(left),
            let right = Timestamp.parse(right)
        {
            return left == right ? .orderedSame : left < right ? .orderedAscending : .orderedDescending
        }
        return left.lowercased().compare(right.lowercased())
    }

    /// `%` stands for any text, `_` for one character, a backslash before them for themselves.
    private static func like(_ text: String, _ pattern: String) -> Bool {
        var expression = ""
        var isEscaped = false
        for character in pattern {
            if isEscaped {
                expression += NSRegularExpression.escapedPattern(for: String(character))
                isEscaped = false
                continue
            }
            switch character {
            case "\\": isEscaped = true
            case "%": expression += ".*"
            case "_": expression += "."
            default: expression += NSRegularExpression.escapedPattern(for: String(character))
            }
        }
        let options: NSString.CompareOptions = [.regularExpression, .caseInsensitive]
        return text.range(of: "^(?s:\(expression))$", options: options) != nil
    }

    private func sorted(_ records: [SalesforceRecord], by order: SOQLOrder, in object: SalesforceObject)
        -> [SalesforceRecord]
    {
        let keyed = records.map { (record: $0, key: value(order.field[...], of: $0, in: object)) }
        let full = keyed.filter { $0.key != .null }.sorted { left, right in
            Self.compare(left.key, right.key) == (order.isDescending ? .orderedDescending : .orderedAscending)
        }
        let empty = keyed.filter { $0.key == .null }
        return (order.hasNullsLast ? full + empty : empty + full).map(\.record)
    }
}
