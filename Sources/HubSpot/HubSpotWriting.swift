import CRM
import HTTPTypes
import JSON

/// Writes intents by batch updates.
struct HubSpotWriting {
    let api: HubSpotAPI

    /// An update with its place among the intents.
    private typealias Placed = (place: Int, update: HubSpotUpdate)

    /// Writes the intents and says what became of each. Nothing that concerns one record alone stops the others; a
    /// failure that would meet every call (no token, no calls left, no answer) ends the writing.
    func write(_ intents: [WriteIntent]) async -> [WriteOutcome] {
        var outcomes: [Int: WriteOutcome] = [:]
        var rounds: [[Placed]] = []
        var seen: [String: Int] = [:]
        for (place, intent) in intents.enumerated() {
            let update = HubSpotUpdate(intent)
            guard update.tooLongProperty == nil else {
                outcomes[place] = .failed(
                    CRMError(
                        .rejected, "the text is longer than HubSpot's \(HubSpotUpdate.maximumLength) characters",
                        field: update.tooLongProperty))
                continue
            }
            // A batch may name a contact once: its second text goes into a call of the second round.
            let round = seen[update.recordID, default: 0]
            seen[update.recordID] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append((place, update))
        }
        var failure: CRMError?
        for round in rounds {
            if failure == nil { failure = await write(round, &outcomes) }
            for (place, _) in round where outcomes[place] == nil {
                outcomes[place] = failure.map { .failed($0.forThoseNotSent) }
            }
        }
        return intents.indices.map { outcomes[$0] ?? .failed(Self.unmentioned) }
    }

    /// - Returns: the failure that ended the round early.
    private func write(_ round: [Placed], _ outcomes: inout [Int: WriteOutcome]) async -> CRMError? {
        var plan = BatchPlan(count: round.count, limit: HubSpotConnector.batchLimit)
        while let batch = plan.next() {
            let updates = round[batch].filter { outcomes[$0.place] == nil }
            guard !updates.isEmpty else { continue }
            do throws(CRMError) {
                let response = try await api.exchange(
                    "POST", "/crm/v3/objects/contacts/batch/update",
                    ["inputs": .array(updates.map { $0.update.input(traceID: String($0.place)) })], changes: true)
                if response.isSuccess {
                    take(try answer(response), of: updates, into: &outcomes)
                    continue
                }
                let problem = HubSpotProblem(response)
                // A property that does not exist fails everyone who writes it: one call finds them all out.
                let guilty = updates.filter { problem.condemns($0.update) }
                for (place, _) in guilty { outcomes[place] = .failed(problem.error) }
                if !guilty.isEmpty {
                    plan.repeatBatch(batch)
                } else if ![.rejected, .notFound, .conflict].contains(problem.error.code) {
                    throw problem.error
                } else if !plan.split(batch) {
                    outcomes[updates[0].place] = .failed(problem.error)
                }
            } catch {
                for (place, _) in updates { outcomes[place] = .failed(error) }
                return error
            }
        }
        return nil
    }

    /// An answer with a good status and no sense may stand for a write that took effect.
    private func answer(_ response: HTTPResponse) throws(CRMError) -> JSONValue {
        guard let answer = try? response.json(), answer["results"]?.array != nil else {
            throw CRMError(
                .unknownResult, "HubSpot's answer to a write cannot be read; read back", status: response.status)
        }
        return answer
    }

    /// Tells results and errors apart for each record (207 when there are both). "Success" without a result for a
    /// record proves nothing.
    private func take(_ answer: JSONValue, of updates: [Placed], into outcomes: inout [Int: WriteOutcome]) {
        func places(_ traceID: String?, _ ids: [String]) -> [Int] {
            if let place = traceID.flatMap({ Int($0) }) { return updates.contains { $0.place == place } ? [place] : [] }
            return updates.filter { ids.contains($0.update.recordID) }.map(\.place)
        }
        let updateByPlace = Dictionary(updates.map { ($0.place, $0.update) }) { first, _ in first }
        for result in answer["results"]?.array ?? [] {
            let ids = [result["id"]?.identifier].compactMap { $0 }
            for place in places(result["objectWriteTraceId"]?.identifier, ids) {
                outcomes[place] = updateByPlace[place].map { .written(location: $0.location, receipt: nil) }
            }
        }
        for error in answer["errors"]?.array ?? [] {
            let problem = HubSpotProblem(record: error)
            for place in places(problem.traceID, problem.recordIDs) where outcomes[place] == nil {
                outcomes[place] = .failed(problem.error)
            }
        }
        for (place, _) in updates where outcomes[place] == nil { outcomes[place] = .failed(Self.unmentioned) }
    }

    private static let unmentioned = CRMError(.unknownResult, "HubSpot's answer does not mention the record; read back")
}

extension HubSpotProblem {
    /// Whether this says that a property of the update does not exist.
    fileprivate func condemns(_ update: HubSpotUpdate) -> Bool {
        guard code == "PROPERTY_DOESNT_EXIST", let property else { return false }
        return update.properties[property] != nil
    }
}
