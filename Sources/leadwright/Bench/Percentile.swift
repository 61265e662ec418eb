extension Collection<Double> {
    /// The value that so many percent of them do not pass; 0 of none.
    func percentile(_ percent: Int) -> Double {
        isEmpty ? 0 : sorted()[Swift.min(count - 1, count * percent / 100)]
    }
}
