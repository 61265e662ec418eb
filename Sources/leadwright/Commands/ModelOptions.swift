import Foundation

extension Option {
    /// The option that every command has that needs a model's file.
    static let modelFile = Option(
        "--model", "FILE", "A GGUF file.", environment: "LEADWRIGHT_MODEL", required: true)
    /// The option that every command that runs a model file has.
    static let modelThreads = Option(
        "--threads", "N", "Threads for the model; every core unless given.", environment: "LEADWRIGHT_THREADS")
}

extension Arguments {
    /// The value of ``Option/modelThreads``; `nil` for every core.
    func modelThreads() throws(CommandError) -> Int? { try count("--threads") }

    /// The value of ``Option/modelThreads``, or the number of cores.
    func modelThreadCount() throws(CommandError) -> Int {
        try modelThreads() ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// The option's value as a number above 0.
    func count(_ name: String, default fallback: Int) throws(CommandError) -> Int {
        let count = try number(name, default: fallback)
        guard count > 0 else { throw .usage("\(name) needs a number above 0") }
        return count
    }

    /// The same; `nil` when it is not given.
    func count(_ name: String) throws(CommandError) -> Int? {
        self[name] == nil ? nil : try count(name, default: 1)
    }
}
