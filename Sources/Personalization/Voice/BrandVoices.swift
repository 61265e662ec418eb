/// The voices of a tenant: one, or one for each value of a lead field, as an agency has for its clients.
public struct BrandVoices: Sendable, Hashable {
    /// The lead field that decides, and the voice for each of its values.
    public struct ByField: Sendable, Hashable {
        /// The lead field by Leadwright's name: `client`.
        public var field: String
        /// The voices by the field's value.
        public var values: [String: BrandVoice]

        /// Creates a division.
        public init(field: String, values: [String: BrandVoice]) {
            self.field = field
            self.values = values
        }
    }

    /// The tenant's own voice. Where `byField` is given, only its banned phrases and stage meanings count, for all:
    /// facts, signatures and calls to action of one client must never reach another's readers.
    public var tenant: BrandVoice
    /// The voices of its clients.
    public var byField: ByField?

    /// Creates voices.
    public init(tenant: BrandVoice, byField: ByField? = nil) {
        self.tenant = tenant
        self.byField = byField
    }

    /// The voice in which to write to a lead.
    ///
    /// - Throws: `incompleteLead` where a field decides and the lead's value names no voice: better no message than
    ///   one in another client's name.
    public func voice(for lead: LeadText) throws(PersonalizationError) -> BrandVoice {
        guard let byField else { return tenant }
        guard let value = lead[byField.field], let own = byField.values[value] else {
            throw PersonalizationError(
                .incompleteLead, "lead field \"\(byField.field)\" names none of the tenant's voices",
                field: byField.field)
        }
        return combined(own)
    }

    /// Every voice that a text of this tenant may be written in.
    public var all: [BrandVoice] {
        guard let byField else { return [tenant] }
        return byField.values.keys.sorted().compactMap { byField.values[$0].map(combined) }
    }

    /// The voice for a value of the deciding field, in the spelling of the declaration.
    func voice(named value: String) -> BrandVoice? { byField?.values[value].map(combined) }

    private func combined(_ own: BrandVoice) -> BrandVoice {
        var voice = own
        voice.bannedPhrases = tenant.bannedPhrases + own.bannedPhrases
        voice.stages = tenant.stages.merging(own.stages) { _, own in own }
        return voice
    }
}

extension BrandVoices.ByField: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case field, values
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            field: try container.decode(String.self, forKey: .field),
            values: try container.decode([String: BrandVoice].self, forKey: .values))
    }
}
