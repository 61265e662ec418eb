public import Foundation
import Synchronization

/// The lines that come out of a pipe, one at a time, as soon as they are whole.
public final class Lines: Sendable {
    private let file: FileHandle
    private let unread = Mutex<[UInt8]>([])

    /// - Parameter file: Read by nobody else.
    public init(of file: FileHandle) { self.file = file }

    /// The next line, without its end; what is left at the end of the file is none. Blocks until there is one.
    ///
    /// - Returns: `nil` at the end of the file.
    public func next() -> String? {
        unread.withLock { unread in
            while true {
                if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { unread.removeSubrange(...end) }
                    return String(decoding: unread[..<end], as: UTF8.self)
                }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = read(file.fileDescriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                unread += buffer[..<count]
            }
        }
    }
}
