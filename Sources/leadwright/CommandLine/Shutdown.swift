import Dispatch
import Foundation

/// Tells a serving command when to end.
struct Shutdown {
    private let requests: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// Begins to listen for SIGTERM, for SIGINT, and, if asked for, for the end of standard input, which closes when
    /// the parent is gone. From here on the signals do not end the process: make it before announcing that the
    /// command serves, or a parent that is quick to stop it kills it in the middle.
    init(withParent: Bool) {
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.requests = requests
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { request.yield() }
            source.resume()
            return source
        }
        guard withParent else { return }
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 4096), !data.isEmpty {}
            request.yield()
        }
    }

    /// Returns when the process is told to stop.
    func requested() async {
        for await _ in requests { break }
        sources.forEach { $0.cancel() }
    }
}

extension Option {
    /// For processes that a command of ours starts.
    static let withParent = Option("--with-parent", nil, "Stop when standard input closes.")
}
