// swift-tools-version: 6.2
import PackageDescription

/// Strict from day one: Swift 6 mode, every import and every existential spelled out, and no warning left standing.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// SQL lies in files of its own, one per verb, and is compiled into the binary: a deployed `leadwright` is one file.
let sql: [Resource] = [.embedInCode("SQL")]

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// Tests read their fixtures beside the source file, so that no bundle has to be found at run time.
func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
        exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

let package = Package(
    name: "leadwright",
    products: [.executable(name: "leadwright", targets: ["leadwright"])],
    targets: [
        // What Debian provides; module maps and shims only.
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
        .systemLibrary(name: "CGlibc"),

        // Values and protocols of the wire.
        library("JSON", []),
        library("HTTPTypes", []),
        library("Cryptography", ["COpenSSL"]),
        library("Telemetry", []),
        library("Failpoints", []),
        library("ChildProcesses", ["CGlibc"]),

        // Input and output.
        library("PostgresClient", ["CPostgreSQL"]),
        library("EmbeddedPostgres", ["ChildProcesses", "PostgresClient"]),
        library("HTTPClient", ["CCurl", "HTTPTypes"]),
        library("HTTPServer", ["CGlibc", "CWebSockets", "HTTPTypes"]),
        .target(
            name: "Migrations", dependencies: ["PostgresClient"], path: "Migrations",
            resources: [
                "0001_tenancy", "0002_intake", "0003_queue", "0004_generation", "0005_outcomes", "0006_partitions",
            ].map { .embedInCode("\($0).sql") }, swiftSettings: strict),
        library("JobQueue", ["PostgresClient", "JSON"], resources: sql),

        // The model.
        .target(name: "CKernels", cSettings: [.treatAllWarnings(as: .error), .unsafeFlags(["-O3"])]),
        library("LanguageModel", ["CKernels", "HTTPClient", "HTTPTypes", "JSON", "Cryptography"]),

        // The three systems.
        library("CRM", ["HTTPTypes", "JSON", "Cryptography"]),
        library("HubSpot", ["CRM", "HTTPClient", "HTTPTypes", "JSON", "Cryptography"]),
        library("Salesforce", ["CRM", "HTTPClient", "HTTPTypes", "JSON", "Cryptography"]),
        library("Zapier", ["CRM", "HTTPClient", "HTTPTypes", "JSON", "Cryptography"]),

        // Decisions, and what came of them.
        library("Personalization", ["CRM", "LanguageModel", "JSON", "Cryptography"]),
        library("Outcomes", ["CRM", "Personalization", "PostgresClient", "JSON", "Cryptography"], resources: sql),
        .target(
            name: "DeclarationSchema", path: "docs/schema", resources: [.embedInCode("leadwright.schema.json")],
            swiftSettings: strict),
        library(
            "Configuration", ["CRM", "Personalization", "PostgresClient", "JSON", "Cryptography"], resources: sql),

        // The way of an event.
        library(
            "Pipeline",
            [
                "JobQueue", "LanguageModel", "CRM", "HubSpot", "Salesforce", "Zapier", "Personalization", "Outcomes",
                "Configuration", "PostgresClient", "HTTPClient", "Telemetry", "Failpoints", "JSON", "Cryptography",
            ], resources: sql),
        library(
            "Gateway",
            [
                "HTTPServer", "HTTPTypes", "JobQueue", "CRM", "HubSpot", "Salesforce", "Zapier", "Configuration",
                "PostgresClient", "Telemetry", "Failpoints", "JSON", "Cryptography",
            ], resources: sql),
        library("Sandbox", ["HTTPServer", "HTTPClient", "HTTPTypes", "JSON", "Cryptography"]),
        .executableTarget(
            name: "leadwright",
            dependencies: [
                "Gateway", "Pipeline", "Sandbox", "EmbeddedPostgres", "Migrations", "LanguageModel", "Configuration",
                "DeclarationSchema", "Outcomes", "Personalization", "JobQueue", "HubSpot", "Salesforce", "Zapier",
                "CRM",
                "PostgresClient", "HTTPClient", "HTTPServer", "HTTPTypes", "Telemetry", "ChildProcesses", "JSON",
                "Cryptography",
            ],
            resources: sql, swiftSettings: strict),

        // Tests mirror the targets; TestSupport starts what they need.
        .target(
            name: "TestSupport", dependencies: ["ChildProcesses", "EmbeddedPostgres", "PostgresClient", "Migrations"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "ConnectorTesting", dependencies: ["HTTPServer", "HTTPTypes", "JSON"],
            path: "Tests/ConnectorTesting", swiftSettings: strict),
        tests("JSON", []),
        tests("Cryptography", [], fixtures: true),
        tests("Telemetry", []),
        tests("Failpoints", []),
        tests("ChildProcesses", []),
        tests("HTTPTypes", []),
        tests("HTTPClient", ["ChildProcesses", "HTTPServer", "HTTPTypes"]),
        tests("HTTPServer", ["HTTPClient", "HTTPTypes"]),
        tests("PostgresClient", ["TestSupport", "EmbeddedPostgres"]),
        tests("EmbeddedPostgres", ["ChildProcesses", "TestSupport", "PostgresClient"]),
        tests("Migrations", ["TestSupport", "PostgresClient"]),
        tests("JobQueue", ["TestSupport", "PostgresClient", "JSON"]),
        tests("CKernels", [], fixtures: true),
        tests(
            "LanguageModel", ["CKernels", "HTTPClient", "HTTPServer", "HTTPTypes", "JSON", "TestSupport"],
            fixtures: true),
        tests("CRM", ["JSON", "HTTPTypes"]),
        tests(
            "HubSpot", ["CRM", "ConnectorTesting", "HTTPClient", "HTTPTypes", "JSON", "Cryptography", "Sandbox"],
            fixtures: true),
        tests(
            "Salesforce", ["CRM", "ConnectorTesting", "HTTPClient", "HTTPTypes", "JSON", "Cryptography", "Sandbox"],
            fixtures: true
        ),
        tests("Zapier", ["CRM", "ConnectorTesting", "HTTPClient", "HTTPTypes", "JSON"], fixtures: true),
        tests("Personalization", ["CRM", "LanguageModel", "JSON"]),
        tests("Outcomes", ["TestSupport", "PostgresClient", "CRM", "JSON", "Cryptography"]),
        tests(
            "Configuration",
            [
                "DeclarationSchema", "TestSupport", "PostgresClient", "Personalization", "LanguageModel", "CRM", "JSON",
                "Cryptography",
            ]),
        tests(
            "Pipeline",
            [
                "TestSupport", "Gateway", "Sandbox", "Configuration", "PostgresClient", "JobQueue", "LanguageModel",
                "CRM",
                "HTTPClient", "HTTPServer", "HTTPTypes", "JSON",
            ]),
        tests(
            "Gateway",
            [
                "TestSupport", "Configuration", "PostgresClient", "JobQueue", "CRM", "HTTPClient",
                "HTTPServer", "HTTPTypes", "Telemetry", "JSON", "Cryptography",
            ]),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "ChildProcesses", "TestSupport", "Sandbox", "HTTPClient", "HTTPServer", "HTTPTypes", "JSON",
                "Cryptography",
            ],
            exclude: ["Fixtures", "clients"], swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests", dependencies: ["TestSupport", "JobQueue", "PostgresClient", "JSON"],
            swiftSettings: strict),
        // The built command's processes, killed on purpose.
        .testTarget(
            name: "ChaosTests",
            dependencies: [
                "ChildProcesses", "TestSupport", "EmbeddedPostgres", "PostgresClient", "Migrations", "Failpoints",
                "Sandbox", "JobQueue", "HTTPServer", "HTTPClient", "HTTPTypes", "JSON",
            ], swiftSettings: strict),
    ]
)
