/// The numbers from `low` to `high`, and the automaton of their texts: no exponent, no leading zero, no negative zero,
/// and at most ``decimals`` digits behind the point.
///
/// A text is let on only while some number of the range begins with it, so a bound holds digit by digit.
struct NumberRange: Sendable, Hashable {
    /// Digits behind the point at most; 0 for integers.
    let decimals: Int
    /// In units of 10^-decimals, as `high`; at most ``limit``.
    let low: Int64
    let high: Int64

    /// Integers that every reader of JSON keeps exactly (RFC 8259, section 6).
    static let integers = NumberRange(decimals: 0, low: -0x1F_FFFF_FFFF_FFFF, high: 0x1F_FFFF_FFFF_FFFF)
    /// Below a million million, to the millionth: what amounts, rates and scores are. In units it fits 64 bits, with a
    /// digit to spare.
    static let decimals = NumberRange(decimals: 6, low: -limit, high: limit)
    static let limit: Int64 = 999_999_999_999_999_999

    /// Where in a number the bytes so far have led.
    struct Place: Sendable, Hashable {
        enum Stage: Sendable, Hashable {
            case start
            /// Behind the minus.
            case sign
            /// Among the digits before the point.
            case whole
            /// Behind the point and that many digits.
            case fraction(digits: Int)
        }

        var stage = Stage.start
        var isNegative = false
        /// The digits so far: before the point in ones, behind it in units.
        var magnitude: UInt64 = 0
    }

    /// How many units make one.
    var one: UInt64 { Self.power(decimals) }

    static func power(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    /// Where a byte leads; `nil` if no number of the range goes on with it.
    func place(after byte: UInt8, at place: Place) -> Place? {
        var next = place
        let digit = UInt64(byte &- UInt8(ascii: "0"))
        switch (place.stage, byte) {
        case (.start, UInt8(ascii: "-")):
            next.isNegative = true
            next.stage = .sign
        case (.start, _) where digit < 10, (.sign, _) where digit < 10:
            next.magnitude = digit
            next.stage = .whole
        case (.whole, UInt8(ascii: ".")) where decimals > 0:
            next.magnitude *= one
            next.stage = .fraction(digits: 0)
        case (.whole, _) where digit < 10 && place.magnitude > 0:
            next.magnitude = 10 * place.magnitude + digit
        case (.fraction(let digits), _) where digit < 10 && digits < decimals:
            next.magnitude += digit * Self.power(decimals - digits - 1)
            next.stage = .fraction(digits: digits + 1)
        default: return nil
        }
        return mayEnd(at: next) || mayGoOn(at: next) ? next : nil
    }

    /// Whether the text so far is a number of the range.
    func mayEnd(at place: Place) -> Bool {
        switch place.stage {
        case .start, .sign, .fraction(digits: 0): false
        case .whole: magnitudes(place)?.contains(place.magnitude * one) ?? false
        case .fraction: magnitudes(place)?.contains(place.magnitude) ?? false
        }
    }

    /// Whether some number of the range is longer than the text so far and begins with it.
    func mayGoOn(at place: Place) -> Bool {
        guard let magnitudes = magnitudes(place) else { return place.stage == .start }
        switch place.stage {
        case .start, .sign: return true
        case .fraction(let digits):
            let last = place.magnitude + Self.power(decimals - digits) - 1
            return digits < decimals && magnitudes.overlaps(place.magnitude...last)
        case .whole:
            var first = place.magnitude * one
            var span = one
            if decimals > 0, magnitudes.overlaps(first...first + span - 1) { return true }
            while first > 0, first <= magnitudes.upperBound / 10 {
                first *= 10
                span *= 10
                if magnitudes.overlaps(first...first + span - 1) { return true }
            }
            return false
        }
    }

    /// The bytes that may come next.
    func allowedBytes(at place: Place) -> ByteSet {
        var bytes = ByteSet()
        for byte in "-.0123456789".utf8 where self.place(after: byte, at: place) != nil { bytes.insert(byte) }
        return bytes
    }

    /// What a number of the place's sign may amount to, in units; `nil` if there is none of that sign.
    func magnitudes(_ place: Place) -> ClosedRange<UInt64>? {
        if place.isNegative {
            return low < 0 ? UInt64(max(1, -high))...UInt64(-low) : nil
        }
        return high >= 0 ? UInt64(max(0, low))...UInt64(high) : nil
    }
}
