/// The bodies of the calls under `/sandbox/`; `docs/sandbox.md` describes each.
enum AdministrationRequest {
    struct Leads: Decodable {
        let leads: [NewLead]
    }

    struct StageChanges: Decodable {
        struct Change: Decodable {
            let id: String
            let stage: String
        }
        let changes: [Change]
    }

    struct OptOuts: Decodable {
        let ids: [String]
    }

    struct React: Decodable {
        let seed: UInt64
        /// Who reacts; everybody without it.
        let ids: Set<String>?
        /// For leads that have content.
        let probabilities: ReactionModel
        /// For the others: what would have happened anyway.
        let withoutContent: ReactionModel?

        private enum CodingKeys: String, CodingKey {
            case seed, ids, probabilities
            case withoutContent = "without_content"
        }
    }
}
