package import CRM

/// What an event asks of the worker. Pure: the same event has the same route.
package enum EventRoute: Equatable {
    /// Whom it concerns, or what it means, only the CRM can tell.
    case resolve
    /// A message may be due.
    case decide
    /// The lead did something that a message may have caused.
    case recordOutcome
    /// The lead wants no more messages; also an outcome.
    case optOut
    /// What we hold about the lead must go.
    case forget
    /// Other records became one with this one.
    case merge(gone: [String])
    /// Nothing is to be done; the reason is kept.
    case ignore(String)

    package init(_ event: CRMEvent) {
        switch event.kind {
        case .unknown, .associationChanged, .gap:
            self = .ignore("means nothing to us")
        case .dealCreated:
            self = .ignore("a deal alone is no outcome")
        case .restored:
            self = .ignore("an erased or deleted lead comes back with its next event only")
        case .deleted:
            self = .ignore("the record is gone; messages on their way stop when they are about to be written")
        case .privacyDeleted:
            self = .forget
        case .merged:
            let gone = event.details["merged_ids"]?.split(separator: ",").map(String.init) ?? []
            self = gone.isEmpty ? .ignore("a merge that names nobody") : .merge(gone: gone)
        case _ where event.needsLookup || event.lead == nil:
            self = .resolve
        case .unsubscribed:
            self = .optOut
        case .leadCreated, .leadUpdated, .stageChanged, .actionRequested:
            self = .decide
        case .emailOpened, .emailClicked, .emailReplied, .emailBounced, .meetingBooked, .dealWon, .dealLost,
            .leadConverted:
            self = .recordOutcome
        }
    }
}
