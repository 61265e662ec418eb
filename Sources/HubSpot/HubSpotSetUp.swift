import CRM
import HTTPTypes
import JSON

/// Creates the group and the properties that our texts go into.
struct HubSpotSetUp {
    let api: HubSpotAPI

    /// Looks at everything the targets need and creates what is missing.
    func prepare(_ targets: [ContentTarget]) async throws(CRMError) -> [SetUpStep] {
        for target in targets {
            let names = [target.name] + target.parts
            guard names.allSatisfy(Self.isName) else {
                throw CRMError(
                    .misconfigured, "a target's and its parts' names are small letters, digits and _, a letter first")
            }
        }
        var steps = [try await prepareGroup()]
        let existing = try await api.call("GET", "/crm/v3/properties/contacts")["results"]?.array ?? []
        let byName = Dictionary(existing.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
        var seen: Set<String> = []
        // Several playbooks may write to one target.
        for definition in targets.flatMap(HubSpotPropertyDefinition.all) where seen.insert(definition.name).inserted {
            if let found = byName[definition.name] {
                steps.append(compare(definition, found))
            } else {
                steps.append(try await create(definition))
            }
        }
        return steps
    }

    private func prepareGroup() async throws(CRMError) -> SetUpStep {
        let name = HubSpotPropertyDefinition.group["name"]?.string ?? ""
        let path = "/crm/v3/properties/contacts/groups"
        let found = try await api.exchange("GET", "\(path)/\(name)", changes: false)
        if found.isSuccess { return SetUpStep("property group \(name)", .present) }
        guard found.status == 404 else { throw HubSpotProblem(found).error }
        let created = try await api.exchange("POST", path, HubSpotPropertyDefinition.group, changes: true)
        // 409: somebody else was first, and the group is there.
        guard created.isSuccess || created.status == 409 else { throw HubSpotProblem(created).error }
        return SetUpStep("property group \(name)", created.isSuccess ? .created : .present)
    }

    private func create(_ definition: HubSpotPropertyDefinition) async throws(CRMError) -> SetUpStep {
        let response = try await api.exchange("POST", "/crm/v3/properties/contacts", definition.json, changes: true)
        if response.isSuccess { return SetUpStep("property \(definition.name)", .created) }
        guard response.status == 409 else { throw HubSpotProblem(response).error }
        let found = try await api.exchange("GET", "/crm/v3/properties/contacts/\(definition.name)", changes: false)
        guard found.isSuccess else {
            return SetUpStep(
                "property \(definition.name)", .missing,
                "HubSpot says that it exists and does not show it: restore it from the archived properties")
        }
        return compare(definition, try found.json())
    }

    private func compare(_ definition: HubSpotPropertyDefinition, _ found: JSONValue) -> SetUpStep {
        let type = found["type"]?.string ?? ""
        // The type decides what can be stored; a text field instead of a text area only looks different.
        guard type == definition.type else {
            return SetUpStep(
                "property \(definition.name)", .missing,
                "a property of this name has the type \(type) instead of \(definition.type): delete it, or choose "
                    + "another target")
        }
        return SetUpStep("property \(definition.name)", .present)
    }

    private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil }
}
