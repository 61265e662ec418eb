public import Foundation

/// The `leadwright` that was built with the tests.
public enum BuiltCommand {
    /// Where it lies: the test bundle is an executable beside it.
    public static var url: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "leadwright")
    }

    /// Runs it as a person runs it, with nothing in its environment but what is given.
    public static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> FinishedProgram {
        try FinishedProgram([url.path] + arguments, input: input, environment: environment)
    }
}
