import CRM
import Foundation
import LanguageModel
import Personalization

/// What the tests write with: a small brand, one playbook, one lead.
enum Sample {
    static let voice = BrandVoice(
        name: "TechFlow", language: "en", rules: ["One engineer writing to another."],
        bannedPhrases: ["!", "seamless", "touch base"], signature: "Ines Tamm\nTechFlow",
        cta: [.lead: "Start here: techflow.example/start"], stages: [.lead: "downloaded a guide"],
        facts: [Fact(id: "schema", text: "Schema changes are detected within ninety seconds.")])

    static let voices = BrandVoices(tenant: voice)

    static let playbook = """
        {
          "name": "nurture", "content": "nurture_email", "valid_for": "P3D", "target": "leadwright_nurture",
          "brief": "Write to an engineer about late tables.",
          "when": {"events": ["lead.created"], "stages": ["lead"]},
          "reader": ["first_name", "company", "pain"],
          "experiment": {"name": "launch", "holdout": 0.1, "baseline": 0.2},
          "scaffold": [
            {"part": "subject", "pieces": [
              {"choose": "subject", "variants": ["1 late table, 0 errors", "90 seconds after a rename"]}
            ]},
            {"part": "body", "pieces": [
              {"text": "{lead.first_name},\\n\\n", "else": "Hello,\\n\\n"},
              {"text": "You wrote about {lead.pain}. ", "when": {"present": ["pain"]}},
              {"write": "bridge", "instruction": "Say how fast TechFlow notices.", "must_use": "schema",
               "max_words": 20, "default": "Schema changes are detected within ninety seconds."},
              {"text": "\\n\\n{voice.cta}\\n\\n{voice.signature}"}
            ]}
          ]
        }
        """

    static func decode(_ json: String) throws -> Playbook {
        try JSONDecoder().decode(Playbook.self, from: Data(json.utf8))
    }

    static func record(
        _ fields: [String: String] = ["first_name": "Jamal", "company": "Hexfield Games", "pain": "lost events"],
        stage: FunnelStage? = .lead, consent: Consent = .granted
    ) -> LeadRecord {
        LeadRecord(
            identity: LeadIdentity(system: .hubspot, account: "1", objectType: "contact", objectID: "151"),
            fields: fields, stage: stage, nativeStage: stage?.rawValue ?? "zombie", consent: consent)
    }

    static func event(_ kind: EventKind = .leadCreated, causedByUs: Bool = false) -> CRMEvent {
        CRMEvent(
            kind: kind, objectType: "contact", objectID: "151", lead: record().identity,
            occurredAt: Date(timeIntervalSince1970: 1_000), dedupeKey: "1", causedByUs: causedByUs)
    }

    /// The verdict of the only written slot of a playbook that is built around a fact.
    static func verdict(
        on text: String, fact: String?, language: String = "en", reader: [String: String] = [:], scaffold: String = "",
        form: Writing.Form = .sentence, maximumWords: Int = 30, maximumSentences: Int = 1, forbidden: [String] = [],
        mayUse: [String] = []
    ) throws -> SlotVerdict {
        let facts = ([fact].compactMap { $0 } + mayUse).enumerated().map { Fact(id: "f\($0)", text: $1) }
        let writing = Writing(
            name: "slot", instruction: "Connect the reader's work with what the statement below says.",
            mustUse: fact == nil ? nil : "f0", mayUse: facts.dropFirst(fact == nil ? 0 : 1).map(\.id),
            maximumWords: maximumWords, maximumSentences: maximumSentences, forbidden: forbidden, form: form,
            fallback: try Template("Default."))
        let playbook = Playbook(
            name: "p", content: "c", language: language,
            when: Trigger(events: [.leadCreated], stages: [.lead]), validFor: try Validity("P1D"), target: "t",
            brief: "Write a short note that a busy person reads to the end.", reader: Array(reader.keys).sorted(),
            facts: facts,
            scaffold: [
                ScaffoldPart(
                    part: "body",
                    pieces: [Piece(.text(try Template(scaffold + "\n"))), Piece(.write(writing))])
            ])
        let composer = try Composer(playbook: playbook, voices: voices, record: record(reader))
        for case .write(let slot) in composer.request(seed: 1).segments { return slot.check(text) }
        throw CocoaError(.featureUnsupported)
    }
}
