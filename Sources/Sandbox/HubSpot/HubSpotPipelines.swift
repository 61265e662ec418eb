import Foundation
import HTTPTypes
import JSON

/// The stages that deals go through.
struct HubSpotPipeline: Sendable {
    struct Stage: Sendable {
        let id: String
        let label: String
        let probability: Double

        /// Whether a deal is over in this stage: certain either way.
        var isClosed: Bool { probability == 0 || probability == 1 }
    }

    let id: String
    let label: String
    let stages: [Stage]

    /// The pipeline of every new account.
    static let sales = HubSpotPipeline(
        id: "default", label: "Sales Pipeline",
        stages: [
            ("appointmentscheduled", "Appointment Scheduled", 0.2), ("qualifiedtobuy", "Qualified To Buy", 0.4),
            ("presentationscheduled", "Presentation Scheduled", 0.6),
            ("decisionmakerboughtin", "Decision Maker Bought-In", 0.8), ("contractsent", "Contract Sent", 0.9),
            ("closedwon", "Closed Won", 1), ("closedlost", "Closed Lost", 0),
        ].map { Stage(id: $0.0, label: $0.1, probability: $0.2) })

    /// The pipeline as the API shows it.
    var json: JSONValue {
        let stamp = JSONValue.string(Timestamp.iso8601(Date(timeIntervalSince1970: 0)))
        let stages = stages.enumerated().map { place, stage in
            JSONValue.object([
                "id": .string(stage.id), "label": .string(stage.label), "displayOrder": .integer(Int64(place)),
                "metadata": [
                    "isClosed": .string(stage.isClosed ? "true" : "false"),
                    "probability": .string(String(stage.probability)),
                ],
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT", "createdAt": stamp, "updatedAt": stamp,
                "archived": false,
            ])
        }
        return [
            "id": .string(id), "label": .string(label), "displayOrder": 0, "stages": .array(stages),
            "createdAt": stamp, "updatedAt": stamp, "archived": false,
        ]
    }
}

/// `/crm/v3/pipelines/{type}`.
extension HubSpotPortal {
    static let pipelineRoutes: [Route<HubSpotPortal>] = [
        Route("GET", "/crm/v3/pipelines/{type}") { try $0.listPipelines($1) },
        Route("POST", "/crm/v3/pipelines/{type}") { try $0.createPipeline($1) },
        Route("GET", "/crm/v3/pipelines/{type}/{id}") { try $0.readPipeline($1) },
        Route("GET", "/crm/v3/pipelines/{type}/{id}/stages") { try $0.listStages($1) },
    ]

    private mutating func listPipelines(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        return .json(["results": .array((pipelines[type] ?? []).map(\.json))])
    }

    private mutating func pipeline(_ call: Call) throws(Refusal) -> HubSpotPipeline {
        let type = try objectType(call)
        guard let pipeline = pipelines[type]?.first(where: { $0.id == call.part("id") }) else { throw notFound() }
        return pipeline
    }

    private mutating func readPipeline(_ call: Call) throws(Refusal) -> HTTPResponse {
        .json(try pipeline(call).json)
    }

    private mutating func listStages(_ call: Call) throws(Refusal) -> HTTPResponse {
        .json(["results": try pipeline(call).json["stages"] ?? []])
    }

    private mutating func createPipeline(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        guard let label = body["label"]?.string, let posted = body["stages"]?.array else {
            throw invalid("Invalid input JSON: some required fields were not set: [label, stages]")
        }
        var stages: [HubSpotPipeline.Stage] = []
        for stage in posted {
            guard let name = stage["label"]?.string,
                let probability = (stage["metadata"]?["probability"]?.scalarText).flatMap(Double.init)
            else { throw invalid("A deal stage needs a label and the metadata \"probability\".") }
            stages.append(.init(id: String(nextRecordID()), label: name, probability: probability))
        }
        let created = HubSpotPipeline(id: String(nextRecordID()), label: label, stages: stages)
        pipelines[type, default: []].append(created)
        return .json(created.json, status: 201)
    }
}
