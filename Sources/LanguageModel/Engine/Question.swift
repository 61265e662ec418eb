/// What is asked about a row's logits.
struct Question: Sendable {
    /// The row in the batch.
    let row: Int
    private let kind: Kind

    private enum Kind: Sendable {
        case draw(Sampler, under: (any TokenConstraint & Sendable)?)
        case logProbability(of: Int32)
        case expectation(top: Int, next: Int32?)
    }

    init(_ reading: Reading, behind place: Int, row: Int) {
        self.row = row
        let next = place + 1 < reading.tokens.count ? reading.tokens[place + 1] : nil
        kind =
            switch (reading.ask, next) {
            case (.draw(let sampler, let constraint), _): .draw(sampler, under: constraint)
            case (.logProbabilities, let next?): .logProbability(of: next)
            case (.expectations(let top), let next): .expectation(top: top, next: next)
            default: .expectation(top: 0, next: nil)
            }
    }

    /// The answer, on any thread.
    func answer(_ logits: Inference.Logits) -> Observation {
        switch kind {
        case .draw(var sampler, let constraint):
            let drawn =
                if let constraint {
                    sampler.draw(logits: logits, under: constraint)
                } else {
                    sampler.draw(logits: logits)
                }
            guard let drawn else { return .failed(.unmetConstraint) }
            return drawn.logProbability.isFinite ? .drawn(drawn, sampler) : .failed(.noNumbers)
        case .logProbability(let token):
            let value = logits.logProbability(of: token)
            return value.isNaN ? .failed(.noNumbers) : .logProbability(value)
        case .expectation(let top, let next):
            let expectation = Expectation(logits, top: top, next: next)
            return expectation.values.contains(where: \.isNaN) ? .failed(.noNumbers) : .expectation(expectation)
        }
    }
}

/// The answer to a question.
enum Observation: Sendable {
    case drawn(Sampler.Draw, Sampler)
    case logProbability(Float)
    case expectation(Expectation)
    case failed(LanguageModelError)

    var logProbability: Float? { if case .logProbability(let value) = self { value } else { nil } }

    var failure: LanguageModelError? { if case .failed(let error) = self { error } else { nil } }

    var expectation: Expectation? { if case .expectation(let value) = self { value } else { nil } }
}

extension LanguageModelError {
    fileprivate static var noNumbers: LanguageModelError {
        LanguageModelError(.malformedFile, "the model's weights give no numbers; fetch the file again")
    }

    fileprivate static var unmetConstraint: LanguageModelError {
        LanguageModelError(
            .invalidRequest, "no token of the model's vocabulary goes on as the grammar demands; loosen the grammar")
    }
}
