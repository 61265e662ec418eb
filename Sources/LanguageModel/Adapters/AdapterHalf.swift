/// One half of a pair as a file has it. Its numbers are read when its shape is known to fit.
struct AdapterHalf {
    let rows: Int
    let columns: Int
    /// [rows][columns]
    let numbers: () throws(LanguageModelError) -> [Float]

    /// What the pairs in a file are called, without the endings of their halves; sorted, so that of several faults the
    /// same one is reported.
    ///
    /// - Throws: `malformedFile` when a half is missing; `unsupportedModel` for a tensor that is no half of a pair.
    static func stems(of names: some Collection<String>, down: String, up: String) throws(LanguageModelError)
        -> [String]
    {
        var downs: Set<String> = []
        var ups: Set<String> = []
        for name in names.sorted() {
            if name.hasSuffix(down) {
                downs.insert(String(name.dropLast(down.count)))
            } else if name.hasSuffix(up) {
                ups.insert(String(name.dropLast(up.count)))
            } else {
                throw .unsupportedAdapter("it holds \(name)")
            }
        }
        if let lonely = downs.symmetricDifference(ups).min() {
            let (there, missing) = downs.contains(lonely) ? (down, up) : (up, down)
            throw .malformedAdapter("\(lonely)\(there) is there without \(lonely)\(missing)")
        }
        return downs.sorted()
    }
}
