extension ConnectionSettings {
    /// The funnel stage that a native stage stands for. A connection without a stage map uses our own names.
    public func stage(native: String) -> FunnelStage? {
        stages.isEmpty ? FunnelStage(rawValue: native) : stages[native]
    }

    /// The options whose name begins with `prefix`, without it: `outbound_message.04k…` by action.
    public func options(prefixed prefix: String) -> [String: String] {
        var found: [String: String] = [:]
        for (name, value) in options where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] = value
        }
        return found
    }
}
