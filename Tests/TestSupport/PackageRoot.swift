public import Foundation

/// The folder of Package.swift.
public enum PackageRoot {
    /// Found from this file's own place, so tests may run in any working directory.
    public static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The absolute path of something inside the package.
    public static func path(_ relative: String) -> String { url.appending(path: relative).path }
}

/// A test needs something that is not there. Tests never skip for that: the message says what to run.
public struct MissingPart: Error, CustomStringConvertible {
    public let description: String

    init(_ part: String) {
        description = "\(part) is missing; run scripts/bootstrap in \(PackageRoot.url.path)"
    }
}
