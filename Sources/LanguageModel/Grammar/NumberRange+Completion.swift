extension NumberRange {
    /// A shortest text that ends the number from here.
    func completion(at place: Place) -> [UInt8] {
        if mayEnd(at: place) { return [] }
        var texts = [rest(of: place)]
        if place.stage == .start {
            let negative = Place(stage: .sign, isNegative: true)
            texts.append(rest(of: negative).map { [UInt8(ascii: "-")] + $0 })
        }
        return texts.compactMap(\.self).min { $0.count < $1.count } ?? []
    }

    /// A shortest continuation of the place's own sign.
    private func rest(of place: Place) -> [UInt8]? {
        guard let magnitudes = magnitudes(place) else { return nil }
        var texts: [[UInt8]] = []
        for (whole, written) in wholes(of: place, upTo: magnitudes.upperBound / one) {
            for digits in 0...decimals {
                let step = Self.power(decimals - digits)
                var first = whole.lowerBound * one
                var last = whole.upperBound * one + (one - 1)
                if case .fraction(let done) = place.stage {
                    guard digits > done else { continue }
                    first = place.magnitude
                    last = first + Self.power(decimals - done) - 1
                }
                let least = (max(first, magnitudes.lowerBound) + step - 1) / step * step
                guard least <= min(last, magnitudes.upperBound) else { continue }
                texts.append(Array(text(least, digits: digits).dropFirst(written)))
                break
            }
        }
        return texts.min { $0.count < $1.count }
    }

    /// The parts before the point that a number can have from here, one range for each number of digits, and how many
    /// characters of it stand there already.
    private func wholes(of place: Place, upTo limit: UInt64) -> [(ClosedRange<UInt64>, written: Int)] {
        switch place.stage {
        case .fraction(let digits):
            let whole = place.magnitude / one
            return [(whole...whole, String(whole).count + 1 + digits)]
        case .whole where place.magnitude == 0: return [(0...0, 1)]
        case .start, .sign, .whole:
            var range: ClosedRange<UInt64> = 0...9
            var written = 0
            if place.stage == .whole {
                range = place.magnitude...place.magnitude
                written = String(place.magnitude).count
            }
            var ranges: [(ClosedRange<UInt64>, written: Int)] = []
            while range.lowerBound <= limit {
                ranges.append((range, written))
                range = max(1, range.lowerBound) * 10...range.upperBound * 10 + 9
            }
            return ranges
        }
    }

    /// `digits` digits behind the point; none, and no point, for 0.
    private func text(_ magnitude: UInt64, digits: Int) -> [UInt8] {
        let whole = Array(String(magnitude / one).utf8)
        guard digits > 0 else { return whole }
        let fraction = String(magnitude % one / Self.power(decimals - digits))
        let zeros = repeatElement(UInt8(ascii: "0"), count: digits - fraction.count)
        return whole + [UInt8(ascii: ".")] + zeros + Array(fraction.utf8)
    }
}
