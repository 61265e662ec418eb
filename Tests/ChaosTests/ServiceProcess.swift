import Foundation
import Synchronization
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
        let unread = Mutex(Data())
        output.fileHandleForReading.readabilityHandler = { file in
            let more = file.availableData
            guard !more.isEmpty else {
                file.readabilityHandler = nil
                line.finish()
                return
            }
            let whole = unread.withLock { unread in
                unread.append(more)
                let pieces = unread.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                unread = Data(pieces.last ?? Data())
                return pieces.dropLast().map { String(decoding: $0, as: UTF8.self) }
            }
            for text in whole { line.yield(text) }
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
