public import CRM

/// When a piece or a playbook applies: everything that is named must hold.
///
/// ```json
/// {"stages": ["lead"], "fields": {"client": ["ironclad"]}, "present": ["company"]}
/// ```
public struct Condition: Sendable, Hashable {
    /// The lead's stage is one of these; empty for any.
    public var stages: [FunnelStage]
    /// Each field holds one of the texts, upper and lower case alike.
    public var fields: [String: [String]]
    /// These fields hold something.
    public var present: [String]
    /// These fields are empty.
    public var absent: [String]

    /// Creates a condition; without arguments it always holds.
    public init(
        stages: [FunnelStage] = [], fields: [String: [String]] = [:], present: [String] = [], absent: [String] = []
    ) {
        self.stages = stages
        self.fields = fields
        self.present = present
        self.absent = absent
    }

    /// Whether the condition holds for a lead at a stage.
    public func holds(for lead: LeadText, at stage: FunnelStage) -> Bool {
        (stages.isEmpty || stages.contains(stage))
            && fields.allSatisfy { name, values in
                guard let value = lead[name]?.lowercased() else { return false }
                return values.contains { $0.lowercased() == value }
            }
            && present.allSatisfy { lead[$0] != nil }
            && absent.allSatisfy { lead[$0] == nil }
    }
}

extension Condition: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case stages, fields, present, absent
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            stages: try container.decodeIfPresent([FunnelStage].self, forKey: .stages) ?? [],
            fields: try container.decodeIfPresent([String: [String]].self, forKey: .fields) ?? [:],
            present: try container.decodeIfPresent([String].self, forKey: .present) ?? [],
            absent: try container.decodeIfPresent([String].self, forKey: .absent) ?? [])
    }
}
