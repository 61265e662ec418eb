public import Foundation
import JSON
import Personalization

/// The declarations of some files, read and checked by themselves.
public struct Declarations: Sendable {
    /// The objects: tenants first, then connections, then playbooks, each in the order of the files.
    public let objects: [Declaration]
    /// Where `{"env": …}` looks.
    let environment: [String: String]

    /// Reads files. Each holds one object or an array of them.
    ///
    /// - Throws: ``ConfigurationError`` with every problem found, not only the first.
    public init(
        files: [String], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) {
        var read: [(object: Declaration, place: String)] = []
        var problems: [DeclarationProblem] = []
        for file in files {
            for (value, place) in try Self.values(in: file) {
                do throws(DeclarationProblem) {
                    read.append((try Declaration(value, file: file), place))
                } catch {
                    problems.append(error.under(place))
                }
            }
        }
        var seen: Set<String> = []
        for (object, place) in read {
            problems += object.ownProblems.map { $0.under(place) }
            let identity =
                object.kind == .connection ? object.name : "\(object.tenant)/\(object.kind.rawValue)/\(object.name)"
            if !seen.insert(identity).inserted {
                problems.append(DeclarationProblem("name", "\"\(object.name)\" is declared twice").under(place))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        objects = Declaration.Kind.allCases.flatMap { kind in read.map(\.object).filter { $0.kind == kind } }
        self.environment = environment
    }

    private static func values(in file: String) throws(ConfigurationError) -> [(value: JSONValue, place: String)] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError(.unreadableFile, "cannot read \(file); check the path and the permissions")
        }
        do throws(JSONError) {
            let value = try JSONValue(parsing: data)
            guard let elements = value.array else { return [(value, file)] }
            return elements.enumerated().map { ($1, "\(file)[\($0)]") }
        } catch {
            throw ConfigurationError(.malformedFile, "\(file): \(error.description)")
        }
    }
}

extension Declaration {
    /// What is wrong with the object by itself. Playbooks need their tenant's voices and are checked later.
    fileprivate var ownProblems: [DeclarationProblem] {
        switch body {
        case .tenant(let tenant): tenant.problems
        case .connection(let connection): connection.problems
        case .playbook(let playbook): Self.nameProblems(playbook.name)
        }
    }
}

extension DeclarationProblem {
    /// The same problem with its path inside something larger.
    func under(_ place: String) -> DeclarationProblem {
        DeclarationProblem(path.isEmpty ? place : "\(place): \(path)", message)
    }
}

extension ConfigurationError {
    static func invalid(_ problems: [DeclarationProblem]) -> Self {
        Self(.invalidDeclaration, "nothing was stored; correct this and apply again", problems: problems)
    }
}
