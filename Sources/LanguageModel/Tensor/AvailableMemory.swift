import Foundation

/// How much memory this process could still take without pushing anything out.
enum AvailableMemory {
    /// In bytes: the system's estimate (`MemAvailable`, proc(5)), or the limit of a container where that is lower.
    /// `nil` where neither can be read.
    static var bytes: Int? {
        [systemEstimate, containerLimit].compactMap(\.self).min()
    }

    private static var systemEstimate: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }
        return nil
    }

    /// The second version of control groups; `max` stands for no limit.
    private static var containerLimit: Int? {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
