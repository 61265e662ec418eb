/// In which calls a row of elements is sent to a system that takes so many at once, and that may refuse a whole call
/// for one bad element.
///
/// The plan only decides; whoever follows it makes the calls:
///
/// ```swift
/// var plan = BatchPlan(count: elements.count, limit: 100)
/// while let batch = plan.next() {
///     if isRefused(send(elements[batch])), !plan.split(batch) { refused(elements[batch.lowerBound]) }
/// }
/// ```
///
/// A refused batch is sent again in halves until the refusal concerns one element: k bad elements among n cost about
/// 2k·log₂(n) calls more.
public struct BatchPlan: Sendable, Hashable {
    /// What is still to be sent; the next batch stands last.
    private var waiting: [Range<Int>]

    /// Plans calls for `count` elements with at most `limit` in each, all but the last one full.
    public init(count: Int, limit: Int) {
        precondition(limit > 0, "a batch holds at least one element")
        waiting = stride(from: 0, to: count, by: limit).map { $0..<min($0 + limit, count) }.reversed()
    }

    /// The next batch to send, as positions in the row; `nil` when every element has been sent.
    public mutating func next() -> Range<Int>? { waiting.popLast() }

    /// Takes back a batch to be sent again next, for one whose culprits were found out otherwise and will be left out.
    public mutating func repeatBatch(_ batch: Range<Int>) { waiting.append(batch) }

    /// Takes back a batch that was refused as a whole, to be sent in halves next.
    ///
    /// - Returns: whether it could be split; a batch of one is the culprit itself.
    public mutating func split(_ batch: Range<Int>) -> Bool {
        guard batch.count > 1 else { return false }
        let middle = batch.lowerBound + batch.count / 2
        waiting.append(middle..<batch.upperBound)
        waiting.append(batch.lowerBound..<middle)
        return true
    }
}
