/// Header fields in the order they were given; names compare without regard to case (RFC 9110, 5.1).
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The fields in order, a repeated name as often as it came.
    public private(set) var fields: [(name: String, value: String)] = []

    /// Header fields in the order given.
    public init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of a name. Setting replaces every value of that name, in the first one's place; `nil` removes
    /// them.
    public subscript(name: String) -> String? {
        get { fields.first { $0.name.matchesHeaderName(name) }?.value }
        set {
            let place = fields.firstIndex { $0.name.matchesHeaderName(name) } ?? fields.endIndex
            fields.removeAll { $0.name.matchesHeaderName(name) }
            if let newValue { fields.insert((name: name, value: newValue), at: place) }
        }
    }

    /// Every value of a name, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.matchesHeaderName(name) }.map(\.value)
    }

    /// The members of a comma-separated list over all fields of a name, in lower case: right for `Connection` and the
    /// like, whose members are tokens and compare without regard to case.
    public func tokens(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }.map { member in
            let start = member.drop { $0 == " " || $0 == "\t" }
            let end = start.lastIndex { $0 != " " && $0 != "\t" }
            return end.map { start[...$0].lowercased() } ?? ""
        }.filter { !$0.isEmpty }
    }

    /// Adds a field, keeping those of the same name.
    public mutating func append(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name.matchesHeaderName($1.name) && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.name.lowercased())
            hasher.combine(field.value)
        }
    }
}

extension String {
    fileprivate func matchesHeaderName(_ other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
