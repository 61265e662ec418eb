import Dispatch
import Foundation

/// Tells a serving command when to end.
enum Shutdown {
    /// Returns when the process is told to stop: by SIGTERM, by SIGINT, or, if asked for, when standard input closes
    /// because the parent is gone.
    static func requested(withParent: Bool) async {
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { request.yield() }
            source.resume()
            return source
        }
        if withParent {
            Thread.detachNewThread {
                while let data = try? FileHandle.standardInput.read(upToCount: 4096), !data.isEmpty {}
                request.yield()
            }
        }
        for await _ in requests { break }
        sources.forEach { $0.cancel() }
    }
}

extension Option {
    /// For processes that a command of ours starts.
    static let withParent = Option("--with-parent", nil, "Stop when standard input closes.")
}
