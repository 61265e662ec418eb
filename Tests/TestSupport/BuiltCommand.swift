public import Foundation

/// The `leadwright` that was built with the tests, run as a person runs it.
public struct BuiltCommand: Sendable {
    /// How it ended.
    public let status: Int32
    /// What it printed.
    public let output: String
    /// What it complained about.
    public let complaints: String

    /// Where it lies: the test bundle is an executable beside it.
    public static var url: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "leadwright")
    }

    /// Runs it to its end, with nothing in its environment but what is given.
    public static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> BuiltCommand {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = environment
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try stderr.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return BuiltCommand(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            complaints: String(decoding: complaints, as: UTF8.self))
    }
}
