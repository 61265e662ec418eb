import Foundation
import JSON
import Sandbox

extension Command {
    /// `leadwright sandbox hubspot|salesforce|zapier`.
    static let sandboxes: [Command] = [
        sandbox("hubspot", "Stand in for a HubSpot portal.") { HubSpotPortal($0) },
        sandbox("salesforce", "Stand in for a Salesforce org.") { SalesforceOrg($0) },
        sandbox("zapier", "Stand in for a Zapier account.") { ZapierAccount($0) },
    ]

    private static func sandbox<System: SandboxSystem>(
        _ name: String, _ summary: String, _ make: @escaping @Sendable (System.Settings) -> System
    ) -> Command {
        Command(
            "sandbox \(name)", summary,
            discussion: """
                Keeps the system's contract over real HTTP, for trying and testing: no account, no data of real
                people. Prints its address on one line. Everything is in memory and gone when it stops. It is
                configured and watched under /sandbox/; docs/sandbox.md describes the calls.
                """,
            options: [
                Option("--host", "ADDRESS", "The address to listen on; default 127.0.0.1."),
                Option("--port", "N", "The port to listen on; default 0, which takes a free one."),
                Option("--port-file", "FILE", "Write the port into this file once it is open."),
                Option("--public-url", "URL", "How others reach it, where that is not the host and port."),
                Option(
                    "--settings", "FILE", "JSON with settings to start with, as POST /sandbox/configure takes them."),
                .withParent,
            ]
        ) { arguments in
            var settings = System.Settings()
            if let file = arguments["--settings"] {
                guard let text = FileManager.default.contents(atPath: file) else {
                    throw CommandError.failed("\(file) cannot be read")
                }
                settings = try SettingsMerge.apply(JSONValue(parsing: text), to: settings)
            }
            let server = SandboxServer(
                make(settings), host: try arguments.value("--host", default: "127.0.0.1"),
                port: try arguments.number("--port", default: 0), publicURL: arguments["--public-url"])
            let shutdown = Shutdown(withParent: arguments.has("--with-parent"))
            let address = try await server.start()
            if let file = arguments["--port-file"] {
                try Data("\(server.boundPort)\n".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
            }
            Leadwright.announce(address)
            await shutdown.requested()
            await server.stop()
        }
    }
}
