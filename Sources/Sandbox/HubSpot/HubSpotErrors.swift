import HTTPTypes
import JSON

/// HubSpot's error bodies.
extension HubSpotPortal {
    /// An error in HubSpot's general form.
    mutating func refusal(
        _ status: Int, _ category: String, _ message: String, errors: [JSONValue] = [],
        context: [String: JSONValue] = [:], subCategory: String? = nil
    ) -> Refusal {
        var body: [String: JSONValue] = [
            "status": "error", "message": .string(message), "category": .string(category),
            "correlationId": .string(random.uuid()),
        ]
        if !errors.isEmpty { body["errors"] = .array(errors) }
        if !context.isEmpty { body["context"] = .object(context) }
        if let subCategory { body["subCategory"] = .string(subCategory) }
        return Refusal(.json(.object(body), status: status))
    }

    mutating func invalid(_ message: String, errors: [JSONValue] = []) -> Refusal {
        refusal(400, "VALIDATION_ERROR", message, errors: errors)
    }

    mutating func notFound(_ message: String = "resource not found") -> Refusal {
        refusal(404, "OBJECT_NOT_FOUND", message)
    }

    /// The body of a call as JSON.
    mutating func body(_ call: Call) throws(Refusal) -> JSONValue {
        do {
            return try JSONValue(parsing: call.request.body)
        } catch {
            throw invalid("Invalid input JSON: \(error)")
        }
    }

    /// The `inputs` of a batch, at most 100.
    mutating func inputs(_ call: Call) throws(Refusal) -> [JSONValue] {
        guard let inputs = try body(call)["inputs"]?.array, !inputs.isEmpty else {
            throw invalid("Invalid input JSON: \"inputs\" needs at least one element")
        }
        guard inputs.count <= 100 else {
            throw invalid("The batch size is too large: \(inputs.count) inputs, the limit is 100")
        }
        return inputs
    }

    /// The type of record that a path names.
    mutating func objectType(_ call: Call, _ part: String = "type") throws(Refusal) -> HubSpotObjectType {
        guard let type = HubSpotObjectType.named(call.part(part)) else {
            throw refusal(
                400, "VALIDATION_ERROR", "Unable to infer object type from: \(call.part(part))")
        }
        return type
    }
}

/// One refused element of a batch.
struct HubSpotBatchError: Error {
    var category = "VALIDATION_ERROR"
    var message: String
    var errors: [JSONValue] = []
    var context: [String: JSONValue] = [:]

    var json: JSONValue {
        var body: [String: JSONValue] = [
            "status": "error", "category": .string(category), "message": .string(message),
            "context": .object(context),
        ]
        if !errors.isEmpty { body["errors"] = .array(errors) }
        return .object(body)
    }
}
