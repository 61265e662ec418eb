import JSON

/// What the chaos tests' only tenant declares: one playbook for new leads, one for each change of stage. Every event
/// therefore has a text of its own, unless a later one's was made for the stage before.
enum Declarations {
    static let connection = "acme-hubspot"
    /// Where the two playbooks write.
    static let (welcome, nextStep) = ("leadwright_welcome", "leadwright_next_step")
    static let targets = [welcome, nextStep]

    /// All of it, for `leadwright apply`.
    static func json(sandbox: String, webhook: String) -> JSONValue {
        [
            [
                "kind": "tenant", "name": "acme", "title": "Acme",
                "voice": [
                    "name": "Acme", "language": "en", "rules": ["Plain."], "signature": "The Acme team",
                    "cta": stages { .string("This is for the stage \($0).") },
                ],
            ],
            [
                "kind": "connection", "tenant": "acme", "name": .string(connection), "system": "hubspot",
                "account": "8112233", "client_id": "445566", "base_url": .string(sandbox),
                "public_url": .string(webhook), "stages": stages { .string($0) },
                "credentials": ["client_secret": ["env": "HS_SECRET"], "access_token": ["env": "HS_TOKEN"]],
            ],
            playbook("welcome", on: "lead.created", target: welcome),
            playbook("next-step", on: "stage.changed", target: nextStep),
        ]
    }

    private static func stages(_ value: (String) -> JSONValue) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: Portal.stages.map { ($0, value($0)) }))
    }

    private static func playbook(_ name: String, on event: String, target: String) -> JSONValue {
        [
            "kind": "playbook", "tenant": "acme", "name": .string(name), "content": "note",
            "when": ["events": [.string(event)], "stages": .array(Portal.stages.map(JSONValue.string))],
            "valid_for": "P3D", "target": .string(target), "brief": "Be kind.",
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
