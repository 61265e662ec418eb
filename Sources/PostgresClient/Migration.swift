/// One numbered step of the schema.
public struct Migration: Sendable {
    /// Its number, from 1 without gaps.
    public let number: Int
    /// Its name, for people.
    public let name: String
    /// The statements, run in one transaction.
    public let sql: String

    /// A migration from an embedded file in UTF-8.
    public init(_ number: Int, _ name: String, _ file: [UInt8]) {
        self.number = number
        self.name = name
        self.sql = String(decoding: file, as: UTF8.self)
    }
}
