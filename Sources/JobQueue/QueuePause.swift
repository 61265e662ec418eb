public import Foundation

/// A part of the queue: the jobs of a tenant, of a CRM, of a stage, or of all that are named.
public struct QueueScope: Sendable, Hashable, CustomStringConvertible {
    /// The tenant's name; `nil` for any.
    public var tenant: String?
    /// `hubspot`, `salesforce` or `zapier`; `nil` for any.
    public var system: String?
    /// The stage; `nil` for any.
    public var stage: String?

    /// Creates a scope; the whole queue unless something is named.
    public init(tenant: String? = nil, system: String? = nil, stage: String? = nil) {
        self.tenant = tenant
        self.system = system
        self.stage = stage
    }

    public var description: String {
        let parts = [tenant.map { "tenant \($0)" }, system, stage.map { "stage \($0)" }].compactMap(\.self)
        return parts.isEmpty ? "the whole queue" : parts.joined(separator: ", ")
    }
}

/// A part of the queue that an operator stopped.
public struct QueuePause: Sendable, Hashable {
    /// What is stopped.
    public let scope: QueueScope
    /// Since when.
    public let since: Date
}
