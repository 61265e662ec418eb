/// One subcommand: what it is called, what it takes, and what it does.
struct Command: Sendable {
    /// The words that call it: `["model", "tokenize"]`.
    let path: [String]
    /// One line for the list of commands.
    let summary: String
    /// What to know before using it; shown by `--help` between the usage line and the options.
    let discussion: String
    /// The options in the order to show them.
    let options: [Option]
    /// What stands after the options: `FILE…`; empty when nothing may.
    let operands: String
    /// Does it.
    let run: @Sendable (Arguments) async throws -> Void

    init(
        _ path: String, _ summary: String, discussion: String = "", options: [Option] = [], operands: String = "",
        run: @escaping @Sendable (Arguments) async throws -> Void
    ) {
        self.path = path.split(separator: " ").map(String.init)
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.operands = operands
        self.run = run
    }
}

/// One option of a command.
struct Option: Sendable {
    /// `--model`.
    let name: String
    /// What stands for its value in the help, `FILE`; `nil` for a switch.
    let value: String?
    /// What it does, and its default.
    let help: String
    /// The environment variable that supplies it when it is not given.
    let environment: String?
    /// Whether the command refuses to run without it.
    let isRequired: Bool

    init(_ name: String, _ value: String? = nil, _ help: String, environment: String? = nil, required: Bool = false) {
        self.name = name
        self.value = value
        self.help = help
        self.environment = environment
        self.isRequired = required
    }

    /// The option that every command with output for programs has.
    static let json = Option("--json", nil, "Print JSON, for programs.")
    /// The option that every command with a model has.
    static let model = Option(
        "--model", "FILE|URL", "A GGUF file, or the address of an OpenAI-compatible server.",
        environment: "LEADWRIGHT_MODEL", required: true)
    /// The option that every command with a database has.
    static let database = Option(
        "--database-url", "URL", "The Postgres to use.", environment: "DATABASE_URL", required: true)
}

/// How a command ends when it does not succeed; the message goes to standard error.
enum CommandError: Error {
    /// The words make no sense: exit 2, and the usage line is shown.
    case usage(String)
    /// It was understood and failed: exit 1.
    case failed(String)
}
