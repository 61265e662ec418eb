/// A language that texts are written and checked in.
public enum Language: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case spanish = "es"

    /// The language by its tag (`es-MX` is Spanish). Playbooks are refused for others, so English is no guess here.
    public init(_ tag: String) {
        self = Language(rawValue: String(tag.lowercased().prefix(2))) ?? .english
    }

    /// The language's English name, for the prompt.
    var name: String {
        switch self {
        case .english: "English"
        case .spanish: "Spanish"
        }
    }

    /// The commonest words, which the other language does not have.
    var commonWords: Set<String> {
        switch self {
        case .english: Self.commonEnglish
        case .spanish: Self.commonSpanish
        }
    }

    private static let commonEnglish = words(
        """
        the and of to in is that it for you with on are this be at not your we have from or an by they our will can \
        has was their what when which there how it's you'll we'll if than then who its into them so do
        """)
    private static let commonSpanish = words(
        """
        el la los las de del que y en un una es se por con para su al lo como más pero sus le ya o este sí porque esta \
        entre cuando muy sin sobre también hasta hay donde quien desde todo nos tu te tus si
        """)

    /// The words of a list.
    static func words(_ list: String) -> Set<String> { Set(list.split(separator: " ").map(String.init)) }
}
