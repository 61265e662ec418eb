/// The texts behind `--help`.
enum Help {
    /// All commands, a line each.
    static func overview(_ commands: [Command]) -> String {
        let width = commands.map { $0.path.joined(separator: " ").count }.max() ?? 0
        let lines = commands.map { command in
            "  \(command.path.joined(separator: " ").padded(to: width))  \(command.summary)"
        }
        return """
            leadwright writes the next message for a lead into your CRM, with a model on your own machine.

            usage: leadwright COMMAND [OPTION…]

            \(lines.joined(separator: "\n"))

            `leadwright COMMAND --help` shows a command's options. Exit status: 0 done, 1 failed, 2 not understood.

            """
    }

    /// One command with its options.
    static func of(_ command: Command) -> String {
        var text = "\(command.summary)\n\n\(usage(command))\n"
        if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
        guard !command.options.isEmpty else { return text }
        let heads = command.options.map { "\($0.name)\($0.value.map { " \($0)" } ?? "")" }
        let width = heads.map(\.count).max() ?? 0
        text += "\n"
        for (option, head) in zip(command.options, heads) {
            let environment = option.environment.map { " [\($0)]" } ?? ""
            text += "  \(head.padded(to: width))  \(option.help)\(environment)\n"
        }
        return text
    }

    /// The line that shows how a command is called.
    static func usage(_ command: Command) -> String {
        let options = command.options.map { option in
            let head = "\(option.name)\(option.value.map { " \($0)" } ?? "")"
            return option.isRequired && option.environment == nil ? head : "[\(head)]"
        }
        return (["usage: leadwright"] + command.path + options + [command.operands].filter { !$0.isEmpty })
            .joined(separator: " ")
    }
}

extension String {
    /// The text filled up with spaces to at least `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
