import JSON

/// What the chaos tests' only tenant declares: one playbook for new leads, one for each change of stage. Every event
/// therefore has a text of its own, unless a later one's was made for the stage before.
enum Declarations {
    static let connection = "acme-crm"
    /// The stages through which leads move, in our names, which are HubSpot's.
    static let stages = [
        "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
    ]
    /// Where the two playbooks write, by the names that the evidence has.
    static let (welcome, nextStep) = ("leadwright_welcome", "leadwright_next_step")

    /// All of it, for `leadwright apply`.
    ///
    /// - Parameter quiet: The playbooks' quiet period in seconds.
    static func json(for standIn: StandIn, sandbox: String, webhook: String, quiet: Int) -> JSONValue {
        let common: [String: JSONValue] = [
            "kind": "connection", "tenant": "acme", "name": .string(connection), "system": .string(standIn.system),
            "base_url": .string(sandbox), "public_url": .string(webhook),
            "stages": .object(
                Dictionary(uniqueKeysWithValues: zip(standIn.stages, stages.map(JSONValue.string)))),
        ]
        return [
            [
                "kind": "tenant", "name": "acme", "title": "Acme",
                "voice": [
                    "name": "Acme", "language": "en", "rules": ["Plain."], "signature": "The Acme team",
                    "cta": .object(
                        Dictionary(
                            uniqueKeysWithValues: stages.map { ($0, .string("This is for the stage \($0).")) })),
                ],
            ],
            .object(common.merging(standIn.connection) { $1 }),
            playbook("welcome", on: "lead.created", target: standIn.targets.welcome, quiet: quiet),
            playbook("next-step", on: "stage.changed", target: standIn.targets.nextStep, quiet: quiet),
        ]
    }

    private static func playbook(_ name: String, on event: String, target: String, quiet: Int) -> JSONValue {
        [
            "kind": "playbook", "tenant": "acme", "name": .string(name), "content": "note",
            "when": ["events": [.string(event)], "stages": .array(stages.map(JSONValue.string))],
            "valid_for": "P3D", "quiet_period": .integer(Int64(quiet)), "target": .string(target), "brief": "Be kind.",
            "scaffold": [
                ["part": "subject", "pieces": [["text": "Hello {lead.first_name}"]]],
                [
                    "part": "body",
                    "pieces": [
                        ["text": "{lead.first_name},\n\n"],
                        [
                            "write": "wish", "instruction": "Say something kind.", "max_words": 30,
                            "default": "Have a good time.",
                        ],
                        ["text": "\n\n{voice.cta}\n\n{voice.signature}"],
                    ],
                ],
            ],
        ]
    }
}
