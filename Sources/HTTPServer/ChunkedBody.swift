/// Reads a chunked body (RFC 9112, 7.1) piece by piece; chunk extensions and trailer fields are read over.
struct ChunkedBody: Equatable {
    private enum State: Equatable {
        case size
        case data(left: Int)
        case dataEnd
        case trailer
        case end
    }

    private var state = State.size
    /// The size or trailer line that is being read, without its line end.
    private var line: [UInt8] = []
    private var trailerBytes = 0

    /// No honest client needs more in one size line or in all trailer fields.
    private static let maximumLine = 4096

    var isComplete: Bool { state == .end }

    /// Takes bytes from the front of `input` and appends the body's own to `body`.
    mutating func read(_ input: inout ArraySlice<UInt8>, into body: inout [UInt8], maximum: Int) throws(Refusal) {
        while !input.isEmpty, state != .end {
            switch state {
            case .size:
                guard try takeLine(&input) else { return }
                let size = try Self.size(line[...])
                guard size <= maximum - body.count else { throw .bodyTooLarge(maximum) }
                state = size == 0 ? .trailer : .data(left: size)
                line.removeAll()
            case .data(let left):
                let piece = input.prefix(left)
                body.append(contentsOf: piece)
                input = input[piece.endIndex...]
                state = left == piece.count ? .dataEnd : .data(left: left - piece.count)
            case .dataEnd:
                guard try takeLine(&input) else { return }
                guard line.isEmpty else { throw Refusal(400, "a chunk is longer than its size") }
                state = .size
            case .trailer:
                guard try takeLine(&input) else { return }
                trailerBytes += line.count
                guard trailerBytes <= Self.maximumLine else { throw Refusal(431, "the trailer fields are too long") }
                if line.isEmpty { state = .end }
                line.removeAll()
            case .end:
                return
            }
        }
    }

    /// Adds to `line` up to CR LF; false while the end of the line has not arrived.
    private mutating func takeLine(_ input: inout ArraySlice<UInt8>) throws(Refusal) -> Bool {
        while let byte = input.popFirst() {
            if byte == .lineFeed {
                guard line.popLast() == .carriageReturn else { throw Refusal(400, "a chunk's line ends without CR") }
                return true
            }
            guard line.last != .carriageReturn else { throw Refusal(400, "a chunk's line has CR without LF") }
            guard line.count < Self.maximumLine else { throw Refusal(400, "a chunk's line is too long") }
            line.append(byte)
        }
        return false
    }

    private static func size(_ line: ArraySlice<UInt8>) throws(Refusal) -> Int {
        let digits = line.prefix { $0 != .semicolon }
        // `Int` would take a sign, too.
        guard digits.count <= 15, digits.first.map({ $0 >= 0x30 }) == true,
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Refusal(400, "a chunk's size is not a hexadecimal number") }
        return size
    }
}

extension Refusal {
    static func bodyTooLarge(_ maximum: Int) -> Refusal { Refusal(413, "the body has more than \(maximum) bytes") }
}
