package import Foundation
package import HTTPTypes
import JSON

/// A Salesforce org: its records, its definitions, and an app that may act in it.
package struct SalesforceOrg: SandboxSystem {
    package private(set) var settings: SalesforceSettings
    package var address = ""
    package var outbox: Outbox<SalesforceMessage>
    package var faults = Faults()
    package var statistics = CallStatistics()

    /// The objects by their names in lower case.
    var objects: [String: SalesforceObject] = [:]
    /// Records by the object's name.
    var tables: [String: SalesforceTable] = [:]
    /// What came through the API into custom objects, in order.
    var customWrites: [SalesforceCustomWrite] = []
    /// Sessions by when they end.
    var sessions: [String: Date] = [:]
    /// The rest of queries that have not been read to the end.
    var cursors = SalesforceCursors()
    var random: SeededGenerator
    /// The user in whose name the app acts.
    private(set) var userID = ""
    private var lastNumber = 0
    private var lastReplayID: Int64 = 500
    private var day = 0
    private var callsToday = 0

    package init(_ settings: SalesforceSettings = SalesforceSettings()) {
        self.settings = settings
        outbox = Outbox(policy: settings.delivery, seed: settings.seed)
        random = SeededGenerator(seed: settings.seed &+ 1)
        configure(settings)
        userID = nextID(prefix: "005")
        seed()
    }

    package mutating func configure(_ settings: SalesforceSettings) {
        self.settings = settings
        outbox.policy = settings.delivery
        let all = SalesforceObject.standard + settings.objects.map(\.object)
        for object in all where objects[object.name.lowercased()] == nil || object.name.hasSuffix("__c") {
            objects[object.name.lowercased()] = object
        }
    }

    /// The id of the next record.
    mutating func nextID(prefix: String) -> String {
        lastNumber += 1
        return SalesforceIdentifier.make(prefix: prefix, number: lastNumber)
    }

    /// The place of the next change event in the stream.
    mutating func nextReplayID() -> Int64 {
        lastReplayID += 1
        return lastReplayID
    }

    /// The records that every org has.
    private mutating func seed() {
        func put(_ type: String, _ id: String, _ fields: [String: JSONValue]) {
            var fields = fields
            fields["Id"] = .string(id)
            tables[type, default: SalesforceTable()].put(
                SalesforceRecord(id: id, fields: fields), externalFields: [])
        }
        put("Organization", settings.organizationID, ["Name": "Leadwright Sandbox", "IsSandbox": true])
        put("User", userID, ["Username": .string(settings.username), "Name": "Integration"])
        for (place, stage) in SalesforceObject.leadStages.enumerated() {
            put(
                "LeadStatus", nextID(prefix: "01J"),
                [
                    "ApiName": .string(stage), "MasterLabel": .string(stage), "SortOrder": .integer(Int64(place + 1)),
                    "IsConverted": .bool(stage == "Closed - Converted"), "IsDefault": .bool(place == 0),
                ])
        }
        for (place, stage) in SalesforceObject.opportunityStages.enumerated() {
            let isClosed = [0, 100].contains(stage.probability)
            put(
                "OpportunityStage", nextID(prefix: "01J"),
                [
                    "ApiName": .string(stage.name), "MasterLabel": .string(stage.name),
                    "SortOrder": .integer(Int64(place + 1)), "DefaultProbability": .number(stage.probability),
                    "IsClosed": .bool(isClosed), "IsWon": .bool(stage.probability == 100), "IsActive": true,
                ])
        }
    }

    private static let routes: [Route<SalesforceOrg>] =
        collectionRoutes + compositeRoutes + queryRoutes + describeRoutes + recordRoutes

    package mutating func serve(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let call = Call(request: request, now: now)
        if request.path == "/services/oauth2/token" { return try issueToken(call) }
        guard let path = try unversioned(request.path) else { return .json(Self.versions) }
        try authorize(call)
        let day = Int(now.timeIntervalSince1970 / 86_400)
        if day != self.day { (self.day, callsToday) = (day, 0) }
        guard callsToday < settings.dailyLimit else {
            throw SalesforceProblem("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").refusal
        }
        callsToday += 1
        do {
            return describingLimits(try route(call, path: path))
        } catch {
            throw Refusal(describingLimits(error.response))
        }
    }

    /// Answers a call by its path without `/services/data/v67.0`.
    mutating func route(_ call: Call, path: String) throws(Refusal) -> HTTPResponse {
        guard let response = try Route.answer(call, path: path, by: Self.routes, on: &self) else {
            throw SalesforceProblem.notFound.refusal
        }
        return response
    }

    private func describingLimits(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers["Sforce-Limit-Info"] = "api-usage=\(callsToday)/\(settings.dailyLimit)"
        return response
    }

    var callsLeft: Int { settings.dailyLimit - callsToday }

    package func isWrite(_ request: HTTPRequest) -> Bool {
        guard ["POST", "PATCH", "DELETE"].contains(request.method), request.path.hasPrefix("/services/data/") else {
            return false
        }
        // A POST to the collection of one object reads it: the ids are too many for a query.
        return !(request.method == "POST" && request.path.contains("/composite/sobjects/"))
    }

    package mutating func answer(to fault: Faults.Failure) -> HTTPResponse {
        let problem =
            switch fault {
            case .serverError: SalesforceProblem("UNKNOWN_EXCEPTION", "An unexpected error occurred.")
            case .rateLimit: SalesforceProblem("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            case .lockedRow: SalesforceProblem("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
            }
        return describingLimits(problem.refusal.response)
    }

    package mutating func administer(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse? {
        switch (request.method, request.path) {
        case ("POST", "/sandbox/sessions/expire"):
            sessions = [:]
            return .noContent
        case ("GET", "/sandbox/writes"): return .json(["writes": .array(customWrites.map(\.json))])
        default: return nil
        }
    }
}

/// One change of a custom object's record through the API, whether or not it made a difference.
struct SalesforceCustomWrite: Sendable {
    let object: String
    let id: String
    /// The record after it.
    let fields: [String: JSONValue]

    var json: JSONValue { ["object": .string(object), "id": .string(id), "fields": .object(fields)] }
}
