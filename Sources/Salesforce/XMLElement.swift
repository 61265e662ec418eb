/// One element of an XML document, with its names resolved to namespaces.
struct XMLElement {
    /// A name: two prefixes for one namespace mean the same, and a name without namespace has none.
    struct Name: Hashable {
        var namespace: String
        var local: String
    }

    /// What it is called.
    var name: Name
    /// Its attributes, without those that declare namespaces.
    var attributes: [Name: String] = [:]
    /// The elements inside it, in order.
    var children: [XMLElement] = []
    /// The text directly inside it.
    var text = ""

    /// The first child of that name.
    subscript(name: Name) -> XMLElement? { children.first { $0.name == name } }
}

/// Why a document is refused, and where; columns count bytes from 1.
struct XMLError: Error, CustomStringConvertible {
    let line: Int
    let column: Int
    let reason: String

    var description: String { "not well-formed XML at line \(line), column \(column): \(reason)" }
}
