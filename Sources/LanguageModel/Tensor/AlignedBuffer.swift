/// Numbers in memory that begins at a cache line, zero at first, freed with the object.
///
/// `@unchecked Sendable`: the pointer never changes. What lies behind it is written by one thread, or by several in
/// ranges that do not meet; ``ThreadPool/run(chunks:_:)`` orders such a step before the next one.
final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    /// The first element.
    let start: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int) {
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        start = raw.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    /// A copy of an array.
    convenience init(_ elements: [Element]) {
        self.init(count: elements.count)
        for (index, element) in elements.enumerated() { start[index] = element }
    }

    deinit { start.deallocate() }

    /// The elements, valid as long as the object.
    var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: start, count: count) }
}
