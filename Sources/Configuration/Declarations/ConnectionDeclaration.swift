public import CRM
public import Personalization

/// A connection as declared. Addresses may come from the environment, credentials must.
public struct ConnectionDeclaration: Sendable, Hashable {
    /// Its name, unique in the installation.
    public var name: String
    /// The system it leads to.
    public var system: CRMSystem
    /// The account's id in that system.
    public var account: DeclaredText
    /// Where the system's API is reached.
    public var baseURL: DeclaredText?
    /// The address under which the system reaches the gateway.
    public var publicURL: DeclaredText
    /// Our app's id or client name there.
    public var clientID: DeclaredText?
    /// The system's stages onto ours.
    public var stages: [String: FunnelStage]
    /// Further lead fields: our name to the system's name.
    public var fields: [String: String]
    /// What this system needs beside.
    public var options: [String: DeclaredText]
    /// The secrets by name, each a reference.
    public var credentials: [String: DeclaredText]

    /// What is wrong with it.
    var problems: [DeclarationProblem] {
        var problems = Declaration.nameProblems(name)
        if stages.isEmpty {
            problems.append(
                .init("stages", "maps no stage, so nothing would ever be written; map at least one to a funnel stage"))
        }
        for field in fields.keys.sorted() where LeadField.usual.contains(field) {
            problems.append(.init("fields.\(field)", "is read in any case; choose another name"))
        }
        for (name, text) in credentials.sorted(by: { $0.key < $1.key }) {
            guard case .literal = text else { continue }
            problems.append(
                .init("credentials.\(name)", "may not stand in a file like this; use {\"env\": …} or {\"file\": …}"))
        }
        return problems
    }
}

extension ConnectionDeclaration: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, system, account, stages, fields, options, credentials
        case baseURL = "base_url"
        case publicURL = "public_url"
        case clientID = "client_id"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            system: try container.decode(CRMSystem.self, forKey: .system),
            account: try container.decode(DeclaredText.self, forKey: .account),
            baseURL: try container.decodeIfPresent(DeclaredText.self, forKey: .baseURL),
            publicURL: try container.decode(DeclaredText.self, forKey: .publicURL),
            clientID: try container.decodeIfPresent(DeclaredText.self, forKey: .clientID),
            stages: try container.decode([String: FunnelStage].self, forKey: .stages),
            fields: try container.decodeIfPresent([String: String].self, forKey: .fields) ?? [:],
            options: try container.decodeIfPresent([String: DeclaredText].self, forKey: .options) ?? [:],
            credentials: try container.decodeIfPresent([String: DeclaredText].self, forKey: .credentials) ?? [:])
    }
}

/// The lead fields that every connector reads.
enum LeadField {
    static let usual: Set<String> = [
        "first_name", "last_name", "email", "company", "job_title", "industry", "country", "language",
    ]
}
