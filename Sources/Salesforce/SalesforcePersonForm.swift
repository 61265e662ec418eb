import CRM
import Foundation
import JSON

/// Which columns of a lead or contact are read, and what they mean.
struct SalesforcePersonForm {
    let objectType: String
    let connection: ConnectionSettings

    /// The columns to select; the parents' ones are paths.
    var columns: [String] {
        let stage = stageColumn.map { [$0] } ?? []
        return (["Id"] + Set(fieldColumns.values).sorted() + stage + consentColumns + identityColumns).unique
    }

    /// The person's record.
    ///
    /// - Parameter hidden: the columns that the user may not see.
    func record(_ identity: LeadIdentity, _ row: JSONValue, hidden: Set<String>) -> LeadRecord {
        let native = stageColumn.flatMap { text(row, $0) } ?? (isLead ? nil : connection.options["contact_stage"])
        return LeadRecord(
            identity: identity, fields: fieldColumns.compactMapValues { text(row, $0) },
            stage: native.flatMap(connection.stage(native:)), nativeStage: native, consent: consent(row, hidden))
    }

    private func consent(_ row: JSONValue, _ hidden: Set<String>) -> Consent {
        for column in consentColumns where !hidden.contains(column) {
            guard let value = text(row, column) else { continue }
            // A flag, or the time of a bounce.
            if Bool(wire: value) ?? true { return .refused(column) }
        }
        guard !hidden.contains("HasOptedOutOfEmail") else {
            return .unknown(
                "the integration user may not read HasOptedOutOfEmail on \(objectType); grant it with the permission "
                    + "set Leadwright")
        }
        return .granted
    }

    private var isLead: Bool { objectType == "Lead" }

    private var stageColumn: String? {
        isLead ? connection.options["stage_field"] ?? "Status" : connection.options["contact_stage_field"]
    }

    private var consentColumns: [String] {
        let individual = [
            "Individual.HasOptedOutSolicit", "Individual.HasOptedOutProcessing", "Individual.ShouldForget",
        ]
        return ["HasOptedOutOfEmail", isLead ? "EmailBouncedDate" : "IsEmailBounced"]
            + (connection.options["individuals"] == "true" ? individual : [])
    }

    private var identityColumns: [String] { isLead ? ["IsConverted", "ConvertedContactId"] : [] }

    private var fieldColumns: [String: String] {
        var columns = ["first_name": "FirstName", "last_name": "LastName", "email": "Email", "job_title": "Title"]
        columns["company"] = isLead ? "Company" : "Account.Name"
        columns["industry"] = isLead ? "Industry" : "Account.Industry"
        columns["country"] = isLead ? "Country" : "MailingCountry"
        return columns.merging(connection.fields) { $1 }
    }

    /// The value at a path: `Account.Name` lies in an object of its own.
    private func text(_ row: JSONValue, _ path: String) -> String? {
        let value = path.split(separator: ".").reduce(Optional(row)) { $0?[String($1)] }
        return value?.scalarText.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension SalesforceProblem {
    /// Whether the message of an `INVALID_FIELD` is about this column: it quotes the column's last name, or the
    /// relationship that does not exist.
    func names(_ column: String) -> Bool {
        column.split(separator: ".").contains { message.contains("'\($0)'") }
    }
}

extension [String] {
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
