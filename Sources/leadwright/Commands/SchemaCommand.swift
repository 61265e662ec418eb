import DeclarationSchema

extension Command {
    /// `leadwright schema`
    static let schema = Command(
        "schema", "Print the JSON Schema of the declaration files.",
        discussion: """
            JSON Schema, draft 2020-12. An editor that knows it completes and checks declarations while they are
            written: save it, and name it in each file as "$schema".
            """
    ) { _ in
        print(declarationSchema, terminator: "")
    }
}
