import Foundation

/// The most memory that this process has had resident so far: what an operator must give it.
enum PeakMemory {
    /// In MiB. Pages of a mapped model file count while they are resident, as they do for other programs.
    static var mebibytes: Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_maxrss) / 1024  // KiB on Linux
    }
}
