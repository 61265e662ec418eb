import Foundation

/// A process of this program's own, started by the demo and ended with it.
final class ChildProcess {
    /// What it was started for, in a word: `gateway`.
    let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    /// Starts `leadwright ARGUMENTS…`; its log goes to a file. A service is also told `--with-parent`: it ends when this
    /// process does, however that ends, because its standard input closes then.
    init(
        _ name: String, _ arguments: [String], isService: Bool, environment: [String: String], logs: URL
    ) throws {
        self.name = name
        let log = logs.appending(path: "\(name).log")
        try Data().write(to: log)
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments + (isService ? ["--with-parent"] : [])
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    /// The next line that the process prints. Blocks until it does.
    ///
    /// - Throws: ``CommandError`` when it ends first; the message names its log.
    func line() throws -> String {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[(end + 1)...]) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw CommandError.failed(
                    "\(name) ended before it was ready; see its log in .local/demo/logs/\(name).log")
            }
            unread.append(more)
        }
    }

    /// Whether it has not ended.
    var isRunning: Bool { process.isRunning }

    /// Waits until it has done its work.
    ///
    /// - Throws: ``CommandError`` when it failed; the message names its log.
    func finish() throws {
        _ = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandError.failed("\(process.arguments?.first ?? name) failed; see .local/demo/logs/\(name).log")
        }
    }

    /// Closes its standard input, which tells a service to stop, and waits until it has.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
