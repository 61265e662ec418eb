import Foundation
import TestSupport

/// One run of a service of the built `leadwright`.
final class ServiceProcess: Sendable {
    private let process = Process()
    /// Closes with the tests, however they end, and the service ends then.
    private let input = Pipe()
    private let lines: AsyncStream<String>
    private let endings: AsyncStream<Bool>

    /// Starts `leadwright ARGUMENTS…`; what it complains about goes to the log.
    init(_ arguments: [String], environment: [String: String], log: FileHandle) throws {
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let (endings, ending) = AsyncStream.makeStream(of: Bool.self)
        (self.lines, self.endings) = (lines, endings)
        let output = Pipe()
        process.executableURL = BuiltCommand.url
        process.arguments = arguments + ["--with-parent"]
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = log
        process.terminationHandler = { process in
            ending.yield(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
            ending.finish()
        }
        // On a thread of its own: Foundation's readability handler is an event source that must not outlive its file, and a
        // process that is killed may leave one behind.
        let descriptor = dup(output.fileHandleForReading.fileDescriptor)
        Thread.detachNewThread {
            var unread: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                unread += buffer[..<count]
                while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                    line.yield(String(decoding: unread[..<end], as: UTF8.self))
                    unread.removeSubrange(...end)
                }
            }
            close(descriptor)
            line.finish()
        }
        try process.run()
    }

    /// The first line that it prints; `nil` when it ends before. Ask once.
    func firstLine() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Returns when it has ended, and whether SIGKILL ended it. Ask once.
    func end() async -> Bool {
        for await wasKilled in endings { return wasKilled }
        return false
    }

    /// Ends it at once, wherever it is.
    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
}
