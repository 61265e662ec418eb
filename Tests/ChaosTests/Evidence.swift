/// What the database and the CRM show after a scenario, and what of it breaks a promise. Pure.
struct Evidence: Sendable {
    /// An event that the gateway took in.
    struct Event: Sendable {
        var id: Int64
        var lead: String
        /// The number of its job: those of one lead grow in the order of their commits. Deliveries are many at once, and
        /// which of two is acknowledged first is not decided before.
        var place: Int64
        /// Why nothing came of it.
        var ignored: String?
        /// Whether it asks for a text; others tell what a lead did.
        var asksForText = true
    }

    /// Something that a lead did, by the kind of event that tells it.
    struct Reaction: Hashable {
        var lead: String
        var kind: String
    }

    /// A text that was decided on.
    struct Text: Sendable {
        var id: String
        var event: Int64
        var lead: String
        var target: String
        var stage: String
        /// `written` at the end.
        var state: String
        var parts: [String: String]
    }

    /// A change that the CRM made on our call.
    struct Write: Sendable {
        /// The text's id.
        var text: String
        var lead: String
        var parts: [String: String]
    }

    /// A lead as the CRM shows it.
    struct Lead: Sendable {
        var stage: String
        /// The id of the text that stands there, for each target.
        var texts: [String: String] = [:]
    }

    /// Events that the CRM sent; all are acknowledged at the end, or given up.
    var published = 0
    var givenUp = 0
    /// Jobs that are not finished.
    var openJobs = 0
    /// Messages whose leads are not quiet yet.
    var waiting = 0
    /// Why dead letters died.
    var dead: [String] = []
    var events: [Event] = []
    var texts: [Text] = []
    /// In the order in which the CRM made them.
    var writes: [Write] = []
    var leads: [String: Lead] = [:]
    /// How often leads did something, and how often that is recorded.
    var reactions: [Reaction: Int] = [:]
    var outcomes: [Reaction: Int] = [:]
    /// Whether playbooks wait until a lead is quiet. Each then has lanes of its own, and an order only in itself.
    var hasQuietPeriods = false

    /// The reasons for which an event has no text of its own: a later one's text was made for this stage already, or a newer
    /// event asked for the text before the lead was quiet.
    static let coalesced = "the message for this stage was made after it happened"
    static let superseded = "came within the quiet period"

    /// The broken promises, in words; empty when all hold.
    var violations: [String] { intake + effects + writing + order + standing + learning }

    /// Nothing is lost on the way in, nothing comes in twice, and nothing is left over.
    private var intake: [String] {
        var found: [String] = []
        if givenUp > 0 { found.append("the CRM gave up \(givenUp) deliveries") }
        if events.count != published { found.append("\(published) events were sent and \(events.count) are stored") }
        if openJobs > 0 { found.append("\(openJobs) jobs are open") }
        if waiting > 0 { found.append("\(waiting) messages wait for their leads to be quiet") }
        return found + dead.map { "a job is dead: \($0)" }
    }

    /// Every event has one text, or the text of a later one stands for it.
    private var effects: [String] {
        let byEvent = Dictionary(grouping: texts, by: \.event)
        return events.filter(\.asksForText).compactMap { event in
            switch (byEvent[event.id]?.count ?? 0, event.ignored) {
            case (1, nil), (0, Self.coalesced): nil
            case (0, let ignored?) where hasQuietPeriods && ignored.contains(Self.superseded): nil
            case (let count, let ignored):
                "event \(event.id) of lead \(event.lead) has \(count) texts, ignored: \(ignored ?? "no")"
            }
        }
    }

    /// Every text was written once, as it is stored, to its lead; nothing else was written.
    private var writing: [String] {
        let byText = Dictionary(grouping: writes, by: \.text)
        var found = texts.flatMap { text -> [String] in
            let writes = byText[text.id] ?? []
            var found: [String] = []
            if text.state != "written" { found.append("text \(text.id) is \(text.state)") }
            if writes.count != 1 { found.append("text \(text.id) was written \(writes.count) times") }
            for write in writes where write.lead != text.lead || write.parts != text.parts {
                found.append("text \(text.id) was written otherwise than it is stored")
            }
            return found
        }
        let known = Set(texts.map(\.id))
        found += byText.keys.filter { !known.contains($0) }.sorted().map { "\($0) was written and is no text of ours" }
        for (parts, twins) in Dictionary(grouping: texts, by: \.parts) where twins.count > 1 {
            found.append("\(twins.count) texts are the same: \(parts)")
        }
        return found
    }

    /// A lead's texts were written in the order in which their events were committed.
    private var order: [String] {
        let places = placesByText
        let targets = Dictionary(texts.map { ($0.id, $0.target) }) { first, _ in first }
        let lanes = Dictionary(grouping: writes) { write in
            hasQuietPeriods ? "\(write.lead) by \(targets[write.text] ?? "")" : write.lead
        }
        return lanes.compactMap { lane, writes in
            let order = writes.compactMap { places[$0.text] }
            return order == order.sorted() ? nil : "lead \(lane) was written to in the order \(order)"
        }
    }

    /// Everything that a lead did is recorded as often as it did it, and nothing else is.
    private var learning: [String] {
        Set(reactions.keys).union(outcomes.keys).compactMap { reaction in
            let (happened, recorded) = (reactions[reaction] ?? 0, outcomes[reaction] ?? 0)
            guard happened != recorded else { return nil }
            return "\(reaction.kind) of lead \(reaction.lead) happened \(happened) times and is recorded \(recorded)"
        }
    }

    private var placesByText: [String: Int64] {
        let places = Dictionary(events.map { ($0.id, $0.place) }) { first, _ in first }
        return Dictionary(texts.map { ($0.id, places[$0.event] ?? 0) }) { first, _ in first }
    }

    /// Every lead was welcomed once, has no two texts for one stage, and shows the last text of each kind: of the
    /// next steps, the one for the stage that it is in.
    private var standing: [String] {
        let byLead = Dictionary(grouping: texts, by: \.lead)
        let places = placesByText
        return leads.flatMap { id, lead -> [String] in
            var found: [String] = []
            let texts = (byLead[id] ?? []).sorted { places[$0.id] ?? 0 < places[$1.id] ?? 0 }
            let welcomes = texts.filter { $0.target == Declarations.welcome }
            let steps = texts.filter { $0.target == Declarations.nextStep }
            if welcomes.count != 1 { found.append("lead \(id) has \(welcomes.count) welcomes") }
            if Set(steps.map(\.stage)).count != steps.count { found.append("lead \(id) has two texts for one stage") }
            if steps.last?.stage != lead.stage {
                found.append("lead \(id) is \(lead.stage) and has the text for \(steps.last?.stage ?? "nothing")")
            }
            for text in [welcomes.last, steps.last].compactMap(\.self) where lead.texts[text.target] != text.id {
                found.append("lead \(id) shows \(lead.texts[text.target] ?? "nothing") instead of text \(text.id)")
            }
            return found
        }
    }
}
