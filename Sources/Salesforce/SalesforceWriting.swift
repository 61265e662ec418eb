import CRM
import HTTPTypes
import JSON

/// Writes intents by upserting collections of records.
struct SalesforceWriting {
    /// Records that one call takes (REST guide, "Upsert Multiple Records").
    private static let batchLimit = 200
    /// Codes that stand for the object as a whole: no half of the batch would fare better.
    private static let structural: Set = ["NOT_FOUND", "INVALID_TYPE", "INVALID_FIELD", "JSON_PARSER_ERROR"]

    let api: SalesforceAPI

    /// An intent's content with its place among the intents.
    private typealias Placed = (place: Int, content: SalesforceContent)

    /// Writes the intents and says what became of each. Nothing that concerns one record alone stops the others; a
    /// failure that would meet every call (no session, no calls left, no answer) ends the writing.
    func write(_ intents: [WriteIntent]) async -> [WriteOutcome] {
        var outcomes: [Int: WriteOutcome] = [:]
        var failure: CRMError?
        let placed = intents.enumerated().map { (place: $0, content: SalesforceContent(intent: $1)) }
        for (object, group) in Dictionary(grouping: placed, by: \.content.intent.target).sorted(by: { $0.key < $1.key })
        {
            // Records of one lead side by side: writing them in parallel calls is what locks their parent.
            let ordered = group.sorted { $0.content.intent.lead.objectID < $1.content.intent.lead.objectID }
            if failure == nil { failure = await write(ordered, to: object, &outcomes) }
            for (place, _) in ordered where outcomes[place] == nil {
                outcomes[place] = failure.map { .failed($0.forThoseNotSent) }
            }
        }
        return intents.indices.map { outcomes[$0] ?? .failed(Self.unmentioned) }
    }

    /// - Returns: the failure that ended the writing early.
    private func write(_ contents: [Placed], to object: String, _ outcomes: inout [Int: WriteOutcome]) async
        -> CRMError?
    {
        var plan = BatchPlan(count: contents.count, limit: Self.batchLimit)
        while let batch = plan.next() {
            do throws(CRMError) {
                let response = try await api.exchange(
                    "PATCH",
                    "/services/data/\(api.version)/composite/sobjects/\(FormEncoding.percentEncode(object))/"
                        + SalesforceContent.keyField,
                    ["allOrNone": false, "records": .array(contents[batch].map(\.content.record))], changes: true)
                if response.isSuccess {
                    try take(response, of: contents[batch], into: &outcomes)
                    continue
                }
                let problem = SalesforceProblem(response)
                if Self.structural.contains(problem.code) {
                    for (place, _) in contents[batch] { outcomes[place] = .failed(problem.error) }
                } else if ![.rejected, .notFound, .conflict].contains(problem.error.code) {
                    throw problem.error
                } else if !plan.split(batch) {
                    outcomes[contents[batch.lowerBound].place] = .failed(problem.error)
                }
            } catch {
                for (place, _) in contents[batch] { outcomes[place] = .failed(error) }
                return error
            }
        }
        return nil
    }

    /// One result for each record, in order. HTTP says 200 even if every record failed.
    private func take(
        _ response: HTTPResponse, of contents: ArraySlice<Placed>, into outcomes: inout [Int: WriteOutcome]
    ) throws(CRMError) {
        guard let results = try? response.json().array, results.count == contents.count else {
            throw Self.unmentioned
        }
        for ((place, content), result) in zip(contents, results) {
            if result["success"]?.bool == true, let id = result["id"]?.string {
                outcomes[place] = .written(location: content.location(id), receipt: id)
            } else if let error = result["errors"]?[0] {
                outcomes[place] = .failed(SalesforceProblem(record: error).error)
            } else {
                outcomes[place] = .failed(Self.unmentioned)
            }
        }
    }

    private static let unmentioned = CRMError(
        .unknownResult, "Salesforce's answer does not say what became of the record; read back")
}
