import Configuration
import Cryptography
import Foundation
import XCTest

/// A folder of declarations for one test.
struct Folder {
    let url: URL
    var environment = ["TOKEN": "pat-very-secret", "API": "http://127.0.0.1:9"]

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "leadwright-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// The declarations of texts, each a file.
    func declarations(_ texts: String...) throws -> Declarations {
        let files = try texts.enumerated().map { try write("\($0).json", $1) }
        return try Declarations(files: files, environment: environment)
    }
}

enum Sample {
    static let key = Data(repeating: 7, count: 32)

    static let tenant = """
        {
          "kind": "tenant", "name": "acme", "title": "Acme",
          "voice": {
            "name": "Acme", "language": "en", "rules": ["Plain."], "banned_phrases": ["!"], "signature": "Acme",
            "cta": {"lead": "acme.example"}, "facts": [{"id": "price", "text": "Acme costs £34 a month."}]
          }
        }
        """

    static let connection = """
        {
          "kind": "connection", "tenant": "acme", "name": "acme-hubspot", "system": "hubspot", "account": "8112233",
          "base_url": {"env": "API"}, "public_url": "https://hooks.acme.example",
          "stages": {"lead": "lead", "customer": "customer"}, "fields": {"pain": "pain_point"},
          "options": {"consent": "opt-out"}, "credentials": {"access_token": {"env": "TOKEN"}}
        }
        """

    static let playbook = """
        {
          "kind": "playbook", "tenant": "acme", "name": "nurture", "content": "nurture_email", "valid_for": "P3D",
          "target": "leadwright_nurture", "brief": "Write.", "when": {"events": ["lead.created"], "stages": ["lead"]},
          "scaffold": [{"part": "body", "pieces": [
            {"text": "{lead.first_name}, {fact.price} {voice.cta}", "else": "Hello."},
            {"text": " You wrote: {lead.pain}.", "when": {"present": ["pain"]}}
          ]}]
        }
        """
}
