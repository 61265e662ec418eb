import CRM
public import Cryptography
import Foundation
import JobQueue
public import PostgresClient

/// Finds leads and tells their stories. Changes nothing.
public struct LeadStories: Sendable {
    private let pool: PostgresPool
    private let queue: JobQueue
    private let erasureKey: Data?

    /// Stories out of one database.
    ///
    /// - Parameter key: What the installation's secrets are sealed with. Without it, leads of which only a hash is left
    ///   are not found.
    public init(pool: PostgresPool, key: SealingKey?) {
        self.pool = pool
        queue = JobQueue(pool: pool, worker: "why")
        erasureKey = key?.derived(for: "erasure")
    }

    /// The story of a lead.
    ///
    /// - Parameters:
    ///   - name: Its key, its id in the CRM if no other lead has the same, or the id of one of its generations.
    ///   - showsContent: Whether to tell its fields and texts too.
    /// - Throws: ``PipelineError`` with the code `missing` when nothing is known, `ambiguous` when several leads fit.
    public func story(of name: String, showsContent: Bool = false) async throws -> LeadStory {
        let accounts = try await pool.query(StoryStatement.selectAccounts).map(Account.init)
        let keys = try await keys(of: name, accounts)
        guard keys.count <= 1 else {
            let list = keys.sorted().joined(separator: ", ")
            throw PipelineError(.ambiguous, "several leads have the id \(name); name one of \(list)")
        }
        guard let key = keys.first else { return try await erased(name, accounts) }
        return try await StoryReader(pool: pool, queue: queue, key: key, showsContent: showsContent).read()
    }

    /// The keys of the leads that fit.
    private func keys(of name: String, _ accounts: [Account]) async throws -> Set<String> {
        let exact = try await known([name])
        guard exact.isEmpty else { return exact }
        if let generation = UUID(uuidString: name) {
            let rows = try await pool.query(StoryStatement.findLeadOfGeneration, [generation])
            return Set(try rows.map { try $0.decode(String.self) })
        }
        return try await known(accounts.flatMap { $0.keys(ofRecord: name) })
    }

    /// Those of some keys about which anything is known.
    private func known(_ keys: [String]) async throws -> Set<String> {
        Set(try await pool.query(StoryStatement.findLeads, [Array(Set(keys))]).map { try $0.decode(String.self) })
    }

    /// The story of a lead of which only a hash is left.
    private func erased(_ name: String, _ accounts: [Account]) async throws -> LeadStory {
        guard let erasureKey else {
            throw PipelineError(
                .missing, "nothing is known about \(name); with LEADWRIGHT_KEY set, erased leads are looked for too")
        }
        let guesses = accounts.flatMap { account in
            ([name] + account.keys(ofRecord: name)).map { key in
                (connection: account.id, hash: MessageAuthentication.hmacSHA256(Data(key.utf8), key: erasureKey))
            }
        }
        let rows = try await pool.query(
            StoryStatement.findErasures, [guesses.map(\.connection), guesses.map(\.hash)])
        guard let erasedAt = try rows.first?.decode(Date?.self) else {
            throw PipelineError(
                .missing, "nothing is known about \(name); name a lead by its key, such as hubspot:8112233:contact:151")
        }
        return LeadStory(
            lead: name, tenant: nil, erasedAt: erasedAt, mergedInto: nil, lines: [.erasure(at: erasedAt)])
    }
}

/// An account that leads may be in.
private struct Account {
    let id: Int64
    private let system: CRMSystem?
    private let account: String

    init(_ row: PostgresRow) throws(PostgresError) {
        let (id, system, account) = try row.decode(Int64.self, String.self, String.self)
        (self.id, self.system, self.account) = (id, CRMSystem(rawValue: system), account)
    }

    /// The keys that a lead may have whose record has that id.
    func keys(ofRecord id: String) -> [String] {
        guard let system else { return [] }
        let types =
            switch system {
            case .hubspot: ["contact"]
            case .salesforce: ["Lead", "Contact"]
            case .zapier: ["lead"]
            }
        return types.map { LeadIdentity(system: system, account: account, objectType: $0, objectID: id).key }
    }
}
