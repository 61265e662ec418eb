import CRM

extension Playbook {
    /// Everything that is wrong with the playbook in any of its tenant's voices, each with its place. Empty means
    /// that it can be put in force.
    public func problems(voices: BrandVoices) -> [DeclarationProblem] {
        var problems = shapeProblems() + slotProblems()
        let applicable = voices.byField.flatMap { division in
            when.fields[division.field].map { values in
                values.compactMap(voices.voice(named:))
            }
        }
        for voice in applicable ?? voices.all {
            for problem in voiceProblems(voice) where !problems.contains(problem) { problems.append(problem) }
        }
        return problems
    }

    /// What is wrong whatever the voice.
    private func shapeProblems() -> [DeclarationProblem] {
        var problems: [DeclarationProblem] = []
        func require(_ holds: Bool, _ path: String, _ message: String) {
            if !holds { problems.append(DeclarationProblem(path, message)) }
        }
        require(!when.events.isEmpty, "when.events", "name at least one kind of event")
        require(!when.stages.isEmpty, "when.stages", "name at least one stage")
        require(
            0...86_400 ~= quietPeriod && quietPeriod < validFor.seconds, "quiet_period",
            "must be 0 to 86400 seconds, and less than valid_for")
        if let language {
            require(
                Language(rawValue: language) != nil, "language",
                "\"\(language)\" cannot be checked; use en or es, or leave it out")
        }
        if let experiment {
            require(!experiment.name.isEmpty, "experiment.name", "is empty")
            let shares = [experiment.holdout, experiment.baseline]
            require(
                shares.allSatisfy { $0 >= 0 } && shares.reduce(0, +) < 1, "experiment",
                "holdout and baseline must be 0 or more and together below 1")
        }
        require(!target.isEmpty, "target", "is empty; name where the connector writes")
        require(!scaffold.isEmpty, "scaffold", "needs at least one part")
        let names = scaffold.map(\.part)
        require(Set(names).count == names.count, "scaffold", "two parts have the same name")
        require(
            names == MessageText.order(of: names), "scaffold",
            "parts are written in this order: \(MessageText.order(of: names).joined(separator: ", "))")
        for (index, part) in scaffold.enumerated() {
            require(!part.pieces.isEmpty, "scaffold[\(index)].pieces", "needs at least one piece")
        }
        return problems
    }

    /// What is wrong with slots by themselves.
    private func slotProblems() -> [DeclarationProblem] {
        var problems: [DeclarationProblem] = []
        var names: Set<String> = []
        for (path, piece) in placedPieces {
            switch piece.content {
            case .text: continue
            case .choose(let choice):
                if !names.insert(choice.name).inserted {
                    problems.append(.init("\(path).choose", "another slot is called \"\(choice.name)\""))
                }
                if choice.variants.isEmpty { problems.append(.init("\(path).variants", "needs at least one variant")) }
            case .write(let writing):
                if !names.insert(writing.name).inserted {
                    problems.append(.init("\(path).write", "another slot is called \"\(writing.name)\""))
                }
                let limits: [(Bool, String, String)] = [
                    ((1...120).contains(writing.maximumWords), "max_words", "must be from 1 to 120"),
                    ((1...10).contains(writing.maximumSentences), "max_sentences", "must be from 1 to 10"),
                    ((1...5).contains(writing.attempts), "attempts", "must be from 1 to 5"),
                ]
                let opening = writing.opening?.source ?? ""
                if !opening.isEmpty, !writing.fallback.source.hasPrefix("\(opening) ") {
                    problems.append(.init("\(path).default", "must begin with the slot's opening, \"\(opening)\""))
                }
                for (holds, key, message) in limits where !holds { problems.append(.init("\(path).\(key)", message)) }
            }
        }
        return problems
    }

    /// What is wrong in one voice: references that lead nowhere, and texts that break the voice's own rules.
    private func voiceProblems(_ voice: BrandVoice) -> [DeclarationProblem] {
        var problems: [DeclarationProblem] = []
        let facts = Dictionary((voice.facts + self.facts).map { ($0.id, $0.text) }) { _, own in own }
        for (path, template) in placedTemplates {
            for id in template.factIDs where facts[id] == nil {
                problems.append(
                    .init(path, "there is no fact \"\(id)\" in the playbook or in the voice of \(voice.name)"))
            }
            for stage in when.stages where template.usesCallToAction && voice.cta[stage] == nil {
                problems.append(.init(path, "the voice of \(voice.name) has no cta for stage \(stage.rawValue)"))
            }
            for phrase in voice.bannedPhrases where Phrase.occurs(phrase, in: template.literalText) {
                problems.append(.init(path, "holds \"\(phrase)\", which the voice of \(voice.name) bans"))
            }
        }
        for case (let path, .write(let writing)) in placedPieces.map({ ($0.path, $0.piece.content) }) {
            for (key, id) in [("must_use", writing.mustUse)] + writing.mayUse.map({ ("may_use", $0) }) {
                guard let id, facts[id] == nil else { continue }
                problems.append(.init("\(path).\(key)", "there is no fact \"\(id)\" in the playbook or the voice"))
            }
            problems += defaultProblems(writing, path: "\(path).default", facts: facts, voice: voice)
        }
        return problems
    }

    /// A default must keep the limits that it stands in for.
    private func defaultProblems(
        _ writing: Writing, path: String, facts: [String: String], voice: BrandVoice
    ) -> [DeclarationProblem] {
        let neutral = Rendering(lead: nil, stage: when.stages.first ?? .lead, voice: voice, facts: facts)
        guard let text = try? neutral.text(of: writing.fallback) else { return [] }
        var problems: [DeclarationProblem] = []
        let words = text.split(whereSeparator: \.isWhitespace).count
        if words > writing.maximumWords {
            problems.append(.init(path, "has \(words) words, and max_words is \(writing.maximumWords)"))
        }
        for phrase in writing.forbidden where Phrase.occurs(phrase, in: text) {
            problems.append(.init(path, "holds \"\(phrase)\", which the slot forbids"))
        }
        if let fact = writing.mustUse.flatMap({ facts[$0] }) {
            let fidelity = FactFidelity(
                fact: fact, language: Language(language ?? voice.language), form: writing.form)
            if let problem = fidelity.problem(in: Token.tokens(of: text)) {
                problems.append(.init(path, "does not state its must_use fact: \(problem)"))
            }
        }
        return problems
    }

    /// Every piece with its path.
    private var placedPieces: [(path: String, piece: Piece)] {
        scaffold.enumerated().flatMap { index, part in
            part.pieces.enumerated().map { ("scaffold[\(index)].pieces[\($0)]", $1) }
        }
    }

    /// Every template with its path.
    private var placedTemplates: [(path: String, template: Template)] {
        placedPieces.flatMap { path, piece in
            var templates: [(path: String, template: Template)] = []
            switch piece.content {
            case .text(let text): templates.append(("\(path).text", text))
            case .choose(let choice):
                for (index, variant) in choice.variants.enumerated() {
                    templates.append(("\(path).variants[\(index)]", variant.text))
                }
            case .write(let writing): templates.append(("\(path).default", writing.fallback))
            }
            if let otherwise = piece.otherwise { templates.append(("\(path).else", otherwise)) }
            return templates
        }
    }

    /// The lead fields that the playbook looks at, shows to the model or puts into the text.
    public var leadFields: Set<String> {
        let shown = placedTemplates.flatMap(\.template.leadFields)
        let conditions = placedPieces.flatMap { _, piece -> [Condition] in
            guard case .choose(let choice) = piece.content else { return [piece.when].compactMap { $0 } }
            return [piece.when].compactMap { $0 } + choice.variants.compactMap(\.when)
        }
        let looked = conditions.flatMap { Array($0.fields.keys) + $0.present + $0.absent }
        return Set(shown + looked + reader + required + when.fields.keys)
    }
}
