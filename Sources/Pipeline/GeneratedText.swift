import LanguageModel
import Personalization

/// A finished message with what made it. The baseline arm's is the tenant's own template: no model, no prompt.
struct GeneratedText: Sendable {
    let message: Message
    let output: GenerationOutput?
    let model: ModelIdentity?
    let duration: Duration

    init(_ composer: Composer, tenant: Int64, arm: Arm, seed: UInt64, model: any LanguageModel) async throws {
        let start = ContinuousClock.now
        switch arm {
        case .baseline, .holdout:
            (message, output, self.model) = (composer.template, nil, nil)
        case .treatment:
            let output = try await model.generate(composer.request(seed: seed, tenant: String(tenant)))
            (message, self.output, self.model) = (try composer.message(from: output), output, model.identity)
        }
        duration = start.duration(to: .now)
    }
}
