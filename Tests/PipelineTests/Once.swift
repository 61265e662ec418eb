/// Something that happens once, when it is asked for.
actor Once {
    private var action: (@Sendable () async -> Void)?
    func set(_ action: @escaping @Sendable () async -> Void) { self.action = action }

    /// - Returns: whether it happened now.
    @discardableResult
    func run() async -> Bool {
        guard let action else { return false }
        self.action = nil
        await action()
        return true
    }
}
