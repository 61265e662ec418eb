import Foundation

@main
enum Leadwright {
    /// Every command, in the order the help shows them.
    static let commands: [Command] =
        [
            .demo,
            .migrate,
            .schema,
            .apply,
            .connect,
            .gateway,
            .worker,
            .queueStatus,
            .queueDead,
            .queueRedrive,
            .queuePause,
            .queueResume,
            .why,
            .datasetExport,
            .webhookVerify,
            .webhookParse,
            .modelTokenize,
            .modelLogprobs,
            .modelGenerate,
            .benchModel,
            .benchGenerate,
            .benchQueue,
            .benchIntake,
            .benchWriteBack,
        ] + Command.sandboxes

    static func main() async {
        // A reader that has gone (`leadwright … | head`) must not end the process before it has cleaned up.
        signal(SIGPIPE, SIG_IGN)
        let words = Array(ProcessInfo.processInfo.arguments.dropFirst())
        guard let command = find(words) else { exit(words.isEmpty || asksForHelp(words) ? overview() : unknown(words)) }
        let rest = Array(words.dropFirst(command.path.count))
        if asksForHelp(rest) {
            print(Help.of(command), terminator: "")
            exit(0)
        }
        do {
            let arguments = try Arguments(
                rest, options: command.options, operands: command.operands,
                environment: ProcessInfo.processInfo.environment)
            try await command.run(arguments)
        } catch CommandError.usage(let message) {
            complain("\(message)\n\(Help.usage(command))")
            exit(2)
        } catch CommandError.failed(let message) {
            complain(message)
            exit(1)
        } catch {
            complain("\(error)")
            exit(1)
        }
    }

    /// Prints a line that whoever started this process may be waiting for, at once.
    static func announce(_ message: String) { FileHandle.standardOutput.write(Data("\(message)\n".utf8)) }

    /// Writes a line to standard error.
    static func complain(_ message: String) {
        FileHandle.standardError.write(Data("leadwright: \(message)\n".utf8))
    }

    /// The command with the longest path that the words begin with.
    private static func find(_ words: [String]) -> Command? {
        commands.filter { words.starts(with: $0.path) }.max { $0.path.count < $1.path.count }
    }

    private static func asksForHelp(_ words: [String]) -> Bool {
        words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" } || words.first == "help"
    }

    private static func overview() -> Int32 {
        print(Help.overview(commands), terminator: "")
        return 0
    }

    private static func unknown(_ words: [String]) -> Int32 {
        complain("no command \"\(words.joined(separator: " "))\"; `leadwright --help` lists them")
        return 2
    }
}
