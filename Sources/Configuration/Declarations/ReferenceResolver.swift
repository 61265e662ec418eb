import CRM
import Foundation
import Personalization

/// Finds what declared texts stand for.
struct ReferenceResolver: Sendable {
    let environment: [String: String]
    /// The declaration's file.
    let file: String

    /// The settings of a connection with every reference resolved.
    ///
    /// - Throws: ``DeclarationProblem`` with the first reference that leads nowhere.
    func settings(of declared: ConnectionDeclaration) throws(DeclarationProblem) -> ConnectionSettings {
        var options: [String: String] = [:]
        for (name, text) in declared.options { options[name] = try value(of: text, at: "options.\(name)") }
        return ConnectionSettings(
            name: declared.name, system: declared.system, account: try value(of: declared.account, at: "account"),
            baseURL: try declared.baseURL.map { text throws(DeclarationProblem) in try value(of: text, at: "base_url")
            },
            publicURL: try value(of: declared.publicURL, at: "public_url"),
            clientID: try declared.clientID.map { text throws(DeclarationProblem) in
                try value(of: text, at: "client_id")
            },
            stages: declared.stages, fields: declared.fields, options: options)
    }

    /// The secrets of a connection.
    func credentials(of declared: ConnectionDeclaration) throws(DeclarationProblem) -> [String: String] {
        var secrets: [String: String] = [:]
        for (name, text) in declared.credentials { secrets[name] = try value(of: text, at: "credentials.\(name)") }
        return secrets
    }

    private func value(of text: DeclaredText, at path: String) throws(DeclarationProblem) -> String {
        switch text {
        case .literal(let text): return text
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else {
                throw DeclarationProblem(path, "the environment variable \(name) is not set; set it and apply again")
            }
            return value
        case .file(let location):
            let url = URL(filePath: location, relativeTo: URL(filePath: file).deletingLastPathComponent())
            guard let data = FileManager.default.contents(atPath: url.path),
                let value = String(data: data, encoding: .utf8)
            else {
                throw DeclarationProblem(path, "the file \(url.path) cannot be read as UTF-8 text")
            }
            let text = value.trimmingCharacters(in: .newlines)
            guard !text.isEmpty else { throw DeclarationProblem(path, "the file \(url.path) is empty") }
            return text
        }
    }
}
