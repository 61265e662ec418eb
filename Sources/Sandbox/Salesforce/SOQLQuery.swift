import Foundation
import JSON

/// A query in Salesforce's query language, as far as a program needs it that reads records: one object, fields and
/// those of its parents, conditions, order, limit.
struct SOQLQuery: Sendable {
    /// Field paths: `["Email"]`, `["Lead__r", "Email"]`. Empty for `COUNT()`.
    var fields: [[String]] = []
    var object = ""
    var condition: SOQLCondition?
    var order: [SOQLOrder] = []
    var limit: Int?
    var offset = 0
}

/// One part of `ORDER BY`.
struct SOQLOrder: Sendable {
    let field: [String]
    var isDescending = false
    var hasNullsLast = false
}

/// What stands after `WHERE`.
indirect enum SOQLCondition: Sendable {
    case compare(field: [String], comparison: SOQLComparison, value: JSONValue)
    case among(field: [String], values: [JSONValue], negated: Bool)
    case and(SOQLCondition, SOQLCondition)
    case or(SOQLCondition, SOQLCondition)
    case not(SOQLCondition)
}

enum SOQLComparison: String, Sendable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case like = "LIKE"
}
