/// What one lead does after a message.
package struct Reaction: Codable, Sendable, Hashable {
    package var opened = false
    package var clicked = false
    package var replied = false
    package var meeting = false
    package var won = false
    package var optedOut = false

    package init() {}

    /// Whether the lead does anything at all.
    package var isAny: Bool { opened || clicked || replied || meeting || won || optedOut }

    fileprivate enum CodingKeys: String, CodingKey {
        case opened, clicked, replied, meeting, won
        case optedOut = "opted_out"
    }
}

/// How likely each reaction is. The draws are independent of each other, except that who clicks or replies has
/// opened.
package struct ReactionModel: Codable, Sendable, Hashable {
    package var opened = 0.0
    package var clicked = 0.0
    package var replied = 0.0
    package var meeting = 0.0
    package var won = 0.0
    package var optedOut = 0.0

    package init() {}

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Reaction.CodingKeys.self)
        func probability(_ key: Reaction.CodingKeys) throws -> Double {
            try container.decodeIfPresent(Double.self, forKey: key) ?? 0
        }
        opened = try probability(.opened)
        clicked = try probability(.clicked)
        replied = try probability(.replied)
        meeting = try probability(.meeting)
        won = try probability(.won)
        optedOut = try probability(.optedOut)
    }

    /// Draws what the lead does. The same seed and lead give the same draw, whatever other leads there are.
    package func draw(seed: UInt64, lead: String) -> Reaction {
        // FNV-1a: Swift's own hash differs from process to process.
        let hash = lead.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var random = SeededGenerator(seed: seed ^ hash)
        var reaction = Reaction()
        reaction.clicked = random.chance(clicked)
        reaction.replied = random.chance(replied)
        let opens = random.chance(opened)
        reaction.opened = opens || reaction.clicked || reaction.replied
        reaction.meeting = random.chance(meeting)
        reaction.won = random.chance(won)
        reaction.optedOut = random.chance(optedOut)
        return reaction
    }
}
