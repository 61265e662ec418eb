import CRM

/// A lead as its Zaps told us about it: nothing can be read from Zapier.
struct ZapierLead {
    let connection: ConnectionSettings

    /// The reading, from the fields of all events so far; a lead of whom nothing is known is gone.
    func reading(_ identity: LeadIdentity, known: [String: String]?) -> LeadReading {
        guard let known, !known.isEmpty else { return .gone }
        let native = known["stage"] ?? known["lead__stage"]
        return .found(
            LeadRecord(
                identity: identity, fields: fields(identity, known), stage: native.flatMap(connection.stage(native:)),
                nativeStage: native, consent: consent(known)))
    }

    /// Our own names are Zapier's; a field map adds to them.
    private func fields(_ identity: LeadIdentity, _ known: [String: String]) -> [String: String] {
        let names = [
            "first_name", "last_name", "email", "company", "job_title", "industry", "country", "language",
        ]
        var fields: [String: String] = [:]
        for name in names { fields[name] = known[name] ?? known["lead__\(name)"] }
        for (ours, theirs) in connection.fields { fields[ours] = known[theirs] }
        if fields["email"] == nil, identity.objectID.contains("@") { fields["email"] = identity.objectID }
        return fields.filter { !$0.value.isEmpty }
    }

    private func consent(_ known: [String: String]) -> Consent {
        guard let text = known["opted_out"] ?? known["lead__opted_out"] else {
            return connection.options["consent"] == "assumed"
                ? .granted : .unknown("the Zap sends no opted_out; add the field, or set the option consent to assumed")
        }
        switch Bool(wire: text) {
        case false?: return .granted
        case true?: return .refused("opted_out")
        case nil: return .unknown("opted_out is neither true nor false")
        }
    }
}
