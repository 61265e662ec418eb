public import Foundation
public import JSON

/// One thing that happened to a lead, or on its behalf.
public struct StoryLine: Sendable, Hashable {
    /// What it is about, in the order of cause and effect.
    public enum Subject: String, Sendable, Hashable, CaseIterable, Comparable {
        case delivery, event, job, lead, erasure, merge
        case optOut = "opt_out"
        case assignment, suppression, generation
        case writeBack = "write_back"
        case outcome

        public static func < (first: Subject, second: Subject) -> Bool { first.place < second.place }

        private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What a reader should not overlook, for programs.
    public enum Remark: String, Sendable, Hashable {
        /// The job's payload is not what this version puts into such a job.
        case unreadablePayload = "unreadable_payload"
        /// The tenant was deleted meanwhile.
        case tenantDeleted = "tenant_deleted"
        /// The lead was erased after this was begun and before it ended.
        case erasedMeanwhile = "erased_meanwhile"
        /// Its time had passed before it was done.
        case stale
        /// It happened after it arrived, if one believes the sender's clock.
        case clockAhead = "clock_ahead"
    }

    /// When it happened, or began if it has not ended.
    public let at: Date
    /// What it is about.
    public let subject: Subject
    /// The id of that.
    public let id: String?
    /// What happened, and why; no personal data.
    public let text: String
    /// What a reader should not overlook.
    public let remarks: [Remark]
    /// The personal part, fields and texts; only when it was asked for.
    public let content: JSONValue?

    init(
        _ subject: Subject, _ id: String? = nil, at: Date, _ text: String, remarks: [Remark] = [],
        content: JSONValue? = nil
    ) {
        self.at = at
        self.subject = subject
        self.id = id
        self.text = text
        self.remarks = remarks
        self.content = content
    }
}
