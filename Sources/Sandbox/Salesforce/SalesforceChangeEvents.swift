import Foundation
import JSON

/// Change data capture, as a CometD client sees it and a bridge posts it.
extension SalesforceOrg {
    /// Queues a change event, if the object is captured.
    mutating func publish(
        change: String, of records: [SalesforceRecord], in object: SalesforceObject, changed: [String],
        _ transaction: inout SalesforceTransaction
    ) {
        guard settings.changeEvents.contains(object.name) else { return }
        sendChange(change, of: records, in: object, changed: changed, &transaction)
    }

    /// Queues a change event.
    mutating func sendChange(
        _ change: String, of records: [SalesforceRecord], in object: SalesforceObject, changed: [String],
        _ transaction: inout SalesforceTransaction
    ) {
        guard let record = records.first else { return }
        transaction.sequence += 1
        let replayID = nextReplayID()
        let names = changed.isEmpty ? [] : changed + ["LastModifiedDate"]
        let commit = Timestamp.milliseconds(transaction.now)
        var payload: [String: JSONValue] = [
            "ChangeEventHeader": [
                "entityName": .string(object.name), "recordIds": .array(records.map { .string($0.id) }),
                "changeType": .string(change), "changeOrigin": .string(transaction.origin),
                "transactionKey": .string(transaction.key), "sequenceNumber": .integer(transaction.sequence),
                "commitTimestamp": .integer(commit), "commitNumber": .integer(11_098_765_432_000 + replayID),
                "commitUser": .string(userID), "diffFields": [],
                "nulledFields": .array(names.filter { record.fields[$0] == nil }.map(JSONValue.string)),
                "changedFields": .array(names.map(JSONValue.string)),
            ]
        ]
        // A creation carries every field that has a value, an update the changed ones, a deletion none.
        let shown =
            switch change {
            case "CREATE": object.fields.map(\.name).filter { !Self.unsent.contains($0) && record.fields[$0] != nil }
            case "UPDATE": names
            default: [String]()
            }
        for name in shown { payload[name] = Self.wireValue(record.fields[name] ?? .null) }
        send(
            .change([
                "schema": "x1Y2z3SandboxSchemaId", "payload": .object(payload),
                "event": ["replayId": .integer(replayID)],
            ]))
    }

    private static let unsent: Set<String> = ["Id", "IsDeleted", "SystemModstamp"]

    /// Times in what leaves the org end in `Z`, unlike in the REST API.
    static func wireValue(_ value: JSONValue) -> JSONValue {
        guard let text = value.string, text.hasSuffix("+0000") else { return value }
        return .string("\(text.dropLast(5))Z")
    }
}
