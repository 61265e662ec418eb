import Foundation

/// A file mapped read-only into memory, for as long as the object lives.
///
/// A model file must not be shortened in place while it is mapped: the kernel then ends the process with SIGBUS.
/// Replace it by renaming a new file over it.
///
/// `@unchecked Sendable`: the pointer never changes, and nobody can write through it (`PROT_READ`, `MAP_PRIVATE`).
final class FileMapping: @unchecked Sendable {
    /// The whole file.
    let bytes: UnsafeRawBufferPointer

    /// - Throws: ``LanguageModelError/Code/unreadableFile`` with the system's reason.
    init(path: String) throws(LanguageModelError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Self.unreadable(path, "it is not a regular file") }
        guard status.st_size > 0 else { throw LanguageModelError(.malformedFile, "\(path) is empty") }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw Self.unreadable(path, String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    /// Gives back the memory that holds these bytes; touching them again reads them again. For what is not needed in
    /// its stored form any more.
    func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        guard start < end, let address = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    private static func unreadable(_ path: String, _ reason: String) -> LanguageModelError {
        LanguageModelError(.unreadableFile, "cannot read \(path): \(reason)")
    }
}
