import Foundation
import JSON

extension Command {
    /// `leadwright demo`
    static let demo = Command(
        "demo", "Do the main job on real parts, in front of you.",
        discussion: """
            Starts a private Postgres, stand-ins for HubSpot, Salesforce and Zapier, a gateway and two workers, lets
            leads be created and change stage, and shows what was written for each. Nothing leaves this machine, and
            nothing stays but .local/demo. It takes a minute or two.

            DATABASE_URL and LEADWRIGHT_MODEL replace the private Postgres (a database "leadwright_demo" is made anew
            there) and the small model.
            """,
        options: [
            Option("--data", "FOLDER", "The declarations and leads of the demo's tenants; Demo unless given."),
            Option("--folder", "FOLDER", "Where the report goes; .local/demo unless given."),
            Option("--seed", "N", "Decides how the leads react; 7 unless given."),
            .json,
        ]
    ) { arguments in
        let run = try DemoRun(
            data: URL(filePath: arguments.value("--data", default: "Demo")),
            folder: URL(filePath: arguments.value("--folder", default: ".local/demo")),
            seed: arguments.number("--seed", default: 7), environment: ProcessInfo.processInfo.environment,
            progress: DemoProgress(isQuiet: arguments.has("--json")))
        let report = try await run.perform()
        if arguments.has("--json") {
            print(report.json.canonicalText)
        } else {
            print("\n\(DemoTable(report: report).text)\n\n\(DemoTable(report: report).summary)\n")
            print("report: \(run.reportFile.path)\n        \(run.pageFile.path)")
        }
        let complaints = report.complaints
        guard complaints.isEmpty else { throw CommandError.failed(complaints.joined(separator: "; ")) }
    }
}
