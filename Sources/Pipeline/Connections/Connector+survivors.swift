import CRM

extension Connector {
    /// Reads leads, going on to the record that one was merged into, and from there. A lead's reading is then that of
    /// the record that stands for it now, never `merged`: a chain of merges that finds no end is gone.
    func readSurvivors(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        var readings: [LeadIdentity: LeadReading] = [:]
        // Which leads a record answers for.
        var asked = Dictionary(Set(leads).map { ($0, [$0]) }) { first, _ in first }
        for _ in 0..<4 where !asked.isEmpty {
            let found = try await read(Array(asked.keys), known: known)
            var next: [LeadIdentity: [LeadIdentity]] = [:]
            for (identity, originals) in asked {
                switch found[identity] ?? .gone {
                case .merged(let survivor): next[survivor, default: []] += originals
                case let reading: for lead in originals { readings[lead] = reading }
                }
            }
            asked = next
        }
        for lead in asked.values.joined() { readings[lead] = .gone }
        return readings
    }
}
