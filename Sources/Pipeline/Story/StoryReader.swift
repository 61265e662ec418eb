import Foundation
import JobQueue
import PostgresClient

/// Reads the story of one lead out of all tables, by their indexes.
struct StoryReader {
    let pool: PostgresPool
    let queue: JobQueue
    let key: String
    let showsContent: Bool

    func read() async throws -> LeadStory {
        let lead = try await pool.query(StoryStatement.lead, [key]).first.map(LeadTrace.init)
        let events = try await pool.query(StoryStatement.events, [key]).map(EventTrace.init)
        let playbooks = try await pool.query(StoryStatement.playbookNames, [lead?.tenant ?? events.first?.tenant])
        let jobs = try await queue.trace(
            lanes: lanes(lead, events, playbooks: playbooks.map { try $0.decode(String.self) }))
        let names = try await Names(
            tenants: events.map(\.tenant) + jobs.map(\.tenantID) + [lead?.tenant].compactMap(\.self),
            connections: events.map(\.connection), pool)
        let tenants = Set(names.tenants.keys)
        var lines = try await deliveries(of: events, names)
        lines += events.map { $0.line(tenants: tenants, showsContent: showsContent) }
        lines += jobs.map { StoryLine($0, tenants: tenants, erasedAt: lead?.erasedAt) }
        if let lead {
            lines += lead.lines(showsContent: showsContent)
            lines += try await decisions(about: lead, events)
        }
        let tenant = lead?.tenant ?? events.first?.tenant
        return LeadStory(
            lead: key, tenant: tenant.flatMap { names.tenants[$0] }, erasedAt: lead?.erasedAt,
            mergedInto: lead?.survivor, lines: lines)
    }

    /// The lanes that jobs about the lead went through: its own, those of messages that waited for it to be quiet, and
    /// those of records of which had to be asked whom they concern.
    private func lanes(_ lead: LeadTrace?, _ events: [EventTrace], playbooks: [String]) -> [String] {
        var lanes = Set(events.map { Lane.name(connection: $0.connection, object: $0.object) })
        for connection in events.map(\.connection) + [lead?.connection].compactMap(\.self) {
            lanes.insert(Lane.name(connection: connection, object: key))
            for playbook in playbooks {
                lanes.insert(QuietMessage.lane(connection: connection, lead: key, playbook: playbook))
            }
        }
        return Array(lanes)
    }

    private func deliveries(of events: [EventTrace], _ names: Names) async throws -> [StoryLine] {
        try await pool.query(StoryStatement.deliveries, [Array(Set(events.map(\.delivery)))]).map { row in
            let (id, receivedAt, connection, count, duplicates) = try row.decode(
                Int64.self, Date.self, Int64.self, Int.self, Int.self)
            let place = names.connections[connection] ?? "connection \(connection), which was deleted,"
            return StoryLine(
                .delivery, String(id), at: receivedAt,
                "came in through \(place) with \(count) event\(count == 1 ? "" : "s"), \(duplicates) seen before")
        }
    }

    /// What was decided and made for the lead, and what came of it.
    private func decisions(about lead: LeadTrace, _ events: [EventTrace]) async throws -> [StoryLine] {
        let generations = try await pool.query(StoryStatement.generations, [lead.id]).map(GenerationTrace.init)
        // A text may answer an event of a record that was merged into this one.
        let ids = Array(Set(events.map(\.id) + generations.map(\.event)))
        var lines = generations.flatMap { $0.lines(showsContent: showsContent) }
        lines += try await pool.query(StoryStatement.assignments, [lead.tenant, lead.id]).map(StoryLine.assignment)
        lines += try await pool.query(StoryStatement.suppressions, [ids, lead.id]).map(StoryLine.suppression)
        lines += try await pool.query(StoryStatement.writeBacks, [generations.map(\.id)]).map(StoryLine.writeBack)
        lines += try await pool.query(StoryStatement.outcomes, [ids, lead.id]).map(StoryLine.outcome)
        return lines
    }
}

/// The names of those that still exist.
private struct Names {
    private(set) var tenants: [Int64: String] = [:]
    private(set) var connections: [Int64: String] = [:]

    init(tenants: [Int64], connections: [Int64], _ pool: PostgresPool) async throws(PostgresError) {
        for row in try await pool.query(StoryStatement.selectNames, [tenants, connections]) {
            let (kind, id, name) = try row.decode(String.self, Int64.self, String.self)
            if kind == "tenant" { self.tenants[id] = name } else { self.connections[id] = name }
        }
    }
}
