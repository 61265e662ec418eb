import Foundation

/// A parser for the XML that SOAP allows (SOAP 1.1, section 3: no document type, no processing instructions that
/// matter) with namespaces, in memory-safe code and without recursion.
///
/// Foundation's `XMLParser` is not used on purpose: on Linux it reports a document that ends in the middle as
/// well-formed, so that notifications would be lost and acknowledged; it resolves no prefixes of attributes; and it
/// puts a C parser with entities and network access behind a public address.
struct XMLParser {
    /// Deeper than any SOAP message; a limit on what a hostile one can make us hold.
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0
    /// The elements that are open, the innermost last, with the namespaces in force inside them.
    private var open: [(element: XMLElement, qualifiedName: String, namespaces: [String: String])] = []

    /// The document's root element.
    static func parse(_ data: Data) throws(XMLError) -> XMLElement {
        var parser = XMLParser(bytes: Array(data))
        // In any other encoding the text that is checked would not be the text that is read.
        guard String(validating: parser.bytes, as: UTF8.self) != nil else {
            throw parser.error("the text is not UTF-8")
        }
        return try parser.document()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func document() throws(XMLError) -> XMLElement {
        _ = take("\u{FEFF}")
        if starts(with: "<?xml") {
            let declaration = try text(through: "?>").lowercased()
            guard !declaration.contains("encoding") || declaration.contains("utf-8") else {
                throw error("an encoding other than UTF-8 is declared")
            }
        }
        var root: XMLElement?
        while position < bytes.count {
            if take("<!--") {
                _ = try text(through: "-->")
            } else if take("<![CDATA[") {
                try append(text(through: "]]>"))
            } else if starts(with: "<!") {
                throw error("a document type is not allowed")
            } else if take("<?") {
                _ = try text(through: "?>")
            } else if take("</") {
                if let closed = try endTag() { root = closed }
            } else if starts(with: "<") {
                guard root == nil else { throw error("a second root element") }
                position += 1
                if let closed = try startTag() { root = closed }
            } else {
                try append(characters(until: { $0 == UInt8(ascii: "<") }))
            }
        }
        guard let root, open.isEmpty else { throw error("the document ends before its root element does") }
        return root
    }

    // MARK: Elements

    /// Reads a start tag; returns the root when it is an empty element.
    private mutating func startTag() throws(XMLError) -> XMLElement? {
        let qualifiedName = try name()
        var namespaces = open.last?.namespaces ?? ["xml": "http://www.w3.org/XML/1998/namespace", "": ""]
        var attributes: [(name: String, value: String)] = []
        while true {
            let hadSpace = skipSpace()
            if take("/>") || starts(with: ">") { break }
            guard hadSpace else { throw error("a space, \"/>\" or \">\" is expected") }
            let attribute = try (name: name(), value: attributeValue())
            guard !attributes.contains(where: { $0.name == attribute.name }) else {
                throw error("an attribute is given twice")
            }
            attributes.append(attribute)
            if attribute.name == "xmlns" {
                namespaces[""] = attribute.value
            } else if attribute.name.hasPrefix("xmlns:") {
                namespaces[String(attribute.name.dropFirst(6))] = attribute.value
            }
        }
        var element = XMLElement(name: try resolve(qualifiedName, namespaces, isAttribute: false))
        for (name, value) in attributes where name != "xmlns" && !name.hasPrefix("xmlns:") {
            element.attributes[try resolve(name, namespaces, isAttribute: true)] = value
        }
        guard take(">") else { return close(element) }
        guard open.count < Self.maximumDepth else { throw error("nested deeper than \(Self.maximumDepth)") }
        open.append((element, qualifiedName, namespaces))
        return nil
    }

    /// Reads an end tag; returns the root when it was that.
    private mutating func endTag() throws(XMLError) -> XMLElement? {
        let qualifiedName = try name()
        skipSpace()
        guard take(">") else { throw error("\">\" is expected") }
        guard let last = open.popLast(), last.qualifiedName == qualifiedName else {
            throw error("the end tag does not match the start tag")
        }
        return close(last.element)
    }

    private mutating func close(_ element: XMLElement) -> XMLElement? {
        guard !open.isEmpty else { return element }
        open[open.count - 1].element.children.append(element)
        return nil
    }

    private mutating func append(_ text: String) throws(XMLError) {
        guard open.isEmpty else {
            open[open.count - 1].element.text += text
            return
        }
        guard text.allSatisfy(\.isWhitespace) else { throw error("text outside the root element") }
    }

    private func resolve(_ name: String, _ namespaces: [String: String], isAttribute: Bool) throws(XMLError)
        -> XMLElement.Name
    {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        // An attribute without prefix belongs to its element, not to the default namespace.
        if parts.count == 1 { return .init(namespace: isAttribute ? "" : namespaces[""] ?? "", local: name) }
        guard parts.count == 2, let namespace = namespaces[parts[0]] else { throw error("an undeclared prefix") }
        return .init(namespace: namespace, local: parts[1])
    }

    // MARK: Text

    private mutating func name() throws(XMLError) -> String {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        guard position > start, !(UInt8(ascii: "-")...UInt8(ascii: "9")).contains(bytes[start]) else {
            throw error("a name is expected")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func attributeValue() throws(XMLError) -> String {
        skipSpace()
        guard take("=") else { throw error("\"=\" is expected") }
        skipSpace()
        guard position < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[position]) else {
            throw error("a value in quotes is expected")
        }
        let quote = bytes[position]
        position += 1
        let value = try characters(until: { $0 == quote || $0 == UInt8(ascii: "<") })
        guard position < bytes.count, bytes[position] == quote else { throw error("the value has no end") }
        position += 1
        return value
    }

    /// Text with its references resolved, up to a byte that ends it or the end of the document.
    private mutating func characters(until isEnd: (UInt8) -> Bool) throws(XMLError) -> String {
        var text: [UInt8] = []
        while position < bytes.count, !isEnd(bytes[position]) {
            let byte = bytes[position]
            if byte == UInt8(ascii: "&") {
                text += Array(String(try reference()).utf8)
                continue
            }
            guard byte >= 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else {
                throw error("a control character is not allowed")
            }
            position += 1
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `&amp;`, `&#233;` or `&#xE9;`. Without a document type there are no other entities.
    private mutating func reference() throws(XMLError) -> Unicode.Scalar {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw error("an ampersand that begins no reference")
        }
        let reference = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        var scalar = Self.entities[reference]
        if reference.hasPrefix("#x") {
            scalar = UInt32(reference.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        } else if reference.hasPrefix("#") {
            scalar = UInt32(reference.dropFirst()).flatMap(Unicode.Scalar.init)
        }
        guard let scalar, scalar.value >= 0x20 || [0x09, 0x0A, 0x0D].contains(scalar.value) else {
            throw error("an unknown reference")
        }
        position = end + 1
        return scalar
    }

    private static let entities: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: false
        }
    }

    // MARK: Place

    private func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard starts(with: text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    /// The text up to an end mark, which is taken too.
    private mutating func text(through end: StaticString) throws(XMLError) -> String {
        let start = position
        while !starts(with: end) {
            guard position < bytes.count else { throw error("the document ends inside a comment or section") }
            position += 1
        }
        defer { position += end.utf8CodeUnitCount }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position > start
    }

    private func error(_ reason: String) -> XMLError {
        let before = bytes[..<min(position, bytes.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return XMLError(
            line: before.count { $0 == 0x0A } + 1, column: before.endIndex - lineStart + 1, reason: reason)
    }
}
