extension Piece: Codable {
    /// The keys of the three shapes; `text`, `choose` and `write` tell them apart.
    package enum TextKeys: String, CodingKey, CaseIterable {
        case text, when, otherwise = "else"
    }

    package enum ChooseKeys: String, CodingKey, CaseIterable {
        case choose, variants, when, otherwise = "else"
    }

    package enum WriteKeys: String, CodingKey, CaseIterable {
        case write, instruction, form, attempts, forbidden, opening, when, otherwise = "else"
        case mustUse = "must_use"
        case mayUse = "may_use"
        case maximumWords = "max_words"
        case maximumSentences = "max_sentences"
        case fallback = "default"
    }

    public init(from decoder: any Decoder) throws {
        let keys = Set(try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue))
        switch (keys.contains("text"), keys.contains("choose"), keys.contains("write")) {
        case (true, false, false):
            let container = try decoder.strictContainer(TextKeys.self)
            self.init(
                .text(try container.decode(Template.self, forKey: .text)),
                when: try container.decodeIfPresent(Condition.self, forKey: .when),
                otherwise: try container.decodeIfPresent(Template.self, forKey: .otherwise))
        case (false, true, false):
            let container = try decoder.strictContainer(ChooseKeys.self)
            let choice = Choice(
                name: try container.decode(String.self, forKey: .choose),
                variants: try container.decode([Variant].self, forKey: .variants))
            self.init(
                .choose(choice), when: try container.decodeIfPresent(Condition.self, forKey: .when),
                otherwise: try container.decodeIfPresent(Template.self, forKey: .otherwise))
        case (false, false, true):
            let container = try decoder.strictContainer(WriteKeys.self)
            self.init(
                .write(try Writing(container)), when: try container.decodeIfPresent(Condition.self, forKey: .when),
                otherwise: try container.decodeIfPresent(Template.self, forKey: .otherwise))
        default:
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a piece has exactly one of \"text\", \"choose\" and \"write\""))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch content {
        case .text(let text):
            var container = encoder.container(keyedBy: TextKeys.self)
            try container.encode(text, forKey: .text)
            try container.encodeIfPresent(when, forKey: .when)
            try container.encodeIfPresent(otherwise, forKey: .otherwise)
        case .choose(let choice):
            var container = encoder.container(keyedBy: ChooseKeys.self)
            try container.encode(choice.name, forKey: .choose)
            try container.encode(choice.variants, forKey: .variants)
            try container.encodeIfPresent(when, forKey: .when)
            try container.encodeIfPresent(otherwise, forKey: .otherwise)
        case .write(let writing):
            var container = encoder.container(keyedBy: WriteKeys.self)
            try writing.encode(into: &container)
            try container.encodeIfPresent(when, forKey: .when)
            try container.encodeIfPresent(otherwise, forKey: .otherwise)
        }
    }
}

extension Writing {
    fileprivate init(_ container: KeyedDecodingContainer<Piece.WriteKeys>) throws {
        self.init(
            name: try container.decode(String.self, forKey: .write),
            instruction: try container.decode(String.self, forKey: .instruction),
            mustUse: try container.decodeIfPresent(String.self, forKey: .mustUse),
            mayUse: try container.decodeIfPresent([String].self, forKey: .mayUse) ?? [],
            maximumWords: try container.decode(Int.self, forKey: .maximumWords),
            maximumSentences: try container.decodeIfPresent(Int.self, forKey: .maximumSentences) ?? 1,
            forbidden: try container.decodeIfPresent([String].self, forKey: .forbidden) ?? [],
            attempts: try container.decodeIfPresent(Int.self, forKey: .attempts) ?? 2,
            form: try container.decodeIfPresent(Form.self, forKey: .form) ?? .sentence,
            opening: try container.decodeIfPresent(Template.self, forKey: .opening),
            fallback: try container.decode(Template.self, forKey: .fallback))
    }

    fileprivate func encode(into container: inout KeyedEncodingContainer<Piece.WriteKeys>) throws {
        try container.encode(name, forKey: .write)
        try container.encode(instruction, forKey: .instruction)
        try container.encodeIfPresent(mustUse, forKey: .mustUse)
        try container.encode(mayUse, forKey: .mayUse)
        try container.encode(maximumWords, forKey: .maximumWords)
        try container.encode(maximumSentences, forKey: .maximumSentences)
        try container.encode(forbidden, forKey: .forbidden)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(form, forKey: .form)
        try container.encodeIfPresent(opening, forKey: .opening)
        try container.encode(fallback, forKey: .fallback)
    }
}

extension Variant: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case text, when
    }

    /// A variant is a text, or an object with a text and a condition.
    public init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            self.init(try Template(from: decoder))
            return
        }
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            try container.decode(Template.self, forKey: .text),
            when: try container.decodeIfPresent(Condition.self, forKey: .when))
    }

    public func encode(to encoder: any Encoder) throws {
        guard let when else { return try text.encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(text, forKey: .text)
        try container.encode(when, forKey: .when)
    }
}

extension Variant: StrictlyDecoded {}
