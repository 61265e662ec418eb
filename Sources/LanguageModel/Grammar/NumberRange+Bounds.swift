extension NumberRange {
    /// The numbers of the range within a schema's bounds.
    ///
    /// - Throws: `invalidRequest` when there is none.
    func narrowed(by node: SchemaNode) throws(LanguageModelError) -> NumberRange {
        var (low, high) = (low, high)
        if let bound = try node.number("minimum") { low = max(low, least(from: bound, isExclusive: false)) }
        if let bound = try node.number("exclusiveMinimum") { low = max(low, least(from: bound, isExclusive: true)) }
        if let bound = try node.number("maximum") { high = min(high, -least(from: -bound, isExclusive: false)) }
        if let bound = try node.number("exclusiveMaximum") { high = min(high, -least(from: -bound, isExclusive: true)) }
        guard low <= high else {
            throw node.fail(
                "no number lies within its bounds; integers have 53 bits, other numbers \(Self.decimals.decimals) "
                    + "decimals")
        }
        return NumberRange(decimals: decimals, low: low, high: high)
    }

    /// The least number, in units, that is not below a bound, or is above it; as readers of JSON compare them, which is
    /// after both were rounded to double precision.
    private func least(from bound: Double, isExclusive: Bool) -> Int64 {
        let units = (bound * Double(one)).rounded()
        guard units > -Double(Self.limit) else { return -Self.limit }
        guard units < Double(Self.limit) else { return Self.limit + 1 }
        func isWithin(_ number: Int64) -> Bool {
            let value = Double("\(number)e-\(decimals)") ?? 0
            return isExclusive ? value > bound : value >= bound
        }
        var least = Int64(units)
        while !isWithin(least) { least += 1 }
        while isWithin(least - 1) { least -= 1 }
        return least
    }
}
