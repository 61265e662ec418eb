extension GrammarState {
    /// A shortest text that completes the document from here: what to append when no more tokens may be drawn. Empty
    /// when the document is complete.
    public var shortestCompletion: [UInt8] {
        if isComplete { return [] }
        return readings.map { tables.completion(of: $0) }.min { $0.count < $1.count } ?? []
    }
}

extension GrammarTables {
    /// The shortest text from where a reading stands to the end of the document.
    fileprivate func completion(of reading: GrammarReading) -> [UInt8] {
        var text =
            switch reading.place {
            case .string(let place): place.completion
            case .number(let place, let value): range(value).completion(at: place)
            case .fork(let place):
                shortest.text(of: fork(place)[place.branches], after: place.depth, in: place.array)
            }
        var container = reading.container
        while let open = container {
            switch open.next {
            case .member(let fork): text += shortest.rest(of: fork)
            case .item(let array): text += shortest.rest(of: array)
            }
            container = open.outer
        }
        return text
    }
}
