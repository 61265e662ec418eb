import CGlibc
import Foundation

/// The two ends of one of a child's standard files.
struct StreamEnds: Sendable {
    /// The child's; `nil` is `/dev/null`.
    let theirs: FileHandle?
    /// Ours, if it is a pipe.
    let ours: FileHandle?

    var isPipe: Bool { ours != nil }

    init(_ stream: ChildProcess.Stream, isInput: Bool) throws(ChildProcessError) {
        switch stream {
        case .nowhere: (theirs, ours) = (nil, nil)
        case .file(let file): (theirs, ours) = (file, nil)
        case .pipe:
            var descriptors: [Int32] = [-1, -1]
            guard pipe2(&descriptors, O_CLOEXEC) == 0 else {
                throw ChildProcessError(.noPipe, "cannot open a pipe: \(String(cString: strerror(errno)))")
            }
            let ends = descriptors.map { FileHandle(fileDescriptor: $0, closeOnDealloc: true) }
            (theirs, ours) = isInput ? (ends[0], ends[1]) : (ends[1], ends[0])
        }
    }
}
