extension GrammarState {
    /// The state with every limit lifted that the next `bytes` bytes cannot reach: it allows the same tokens.
    func normalized(forTokensOf bytes: Int) -> GrammarState {
        var state = self
        state.readings = readings.map { reading in
            var place = reading.place
            switch place {
            case .string(var string):
                string.needed = min(string.needed, Int32(bytes))
                if string.left > Int32(bytes) { string.left = StringLimits.unlimited }
                place = .string(string)
            case .fork(let fork): place = .fork(fork.normalized(bytes))
            case .number: break
            }
            return GrammarReading(place: place, container: reading.container?.normalized(bytes))
        }
        return state
    }
}

extension ForkPlace {
    fileprivate func normalized(_ bytes: Int) -> ForkPlace {
        let fork: Fork =
            switch fork {
            case .compiled: fork
            case .arrayStart(let array): .arrayStart(array.normalized(bytes))
            case .arrayNext(let array): .arrayNext(array.normalized(bytes))
            }
        return ForkPlace(fork: fork, branches: branches, depth: depth)
    }
}

extension ArrayPlace {
    fileprivate func normalized(_ bytes: Int) -> ArrayPlace {
        ArrayPlace(value: value, needed: min(needed, bytes), left: left.flatMap { $0 > bytes ? nil : $0 })
    }
}

extension OpenContainer {
    fileprivate func normalized(_ bytes: Int) -> OpenContainer {
        let next: Next =
            switch next {
            case .member: next
            case .item(let array): .item(array.normalized(bytes))
            }
        return OpenContainer(next, in: outer?.normalized(bytes))
    }
}
