import CWebSockets
import HTTPTypes

/// A client's socket with its connection's state and the output that waits to be sent.
final class Client {
    let id: UInt
    /// Valid until libwebsockets reports the close; the loop drops the client then.
    let socket: OpaquePointer
    var connection: Connection
    /// The handler at work on the current request.
    var task: Task<Void, Never>?
    /// Whether the connection's state wants to read; while output is stuck nothing is read whatever it wants.
    var isReading = true
    var isClosing = false

    /// Output with the prefix that lws_write wants before it.
    private var output: [UInt8] = []
    /// Where in `output` the unsent part begins.
    private var sent = 0

    private static let prefix = Int(CWEBSOCKETS_WRITE_PREFIX)
    /// At most so much in one turn of the loop, so that a large response does not hold up the others.
    private static let chunk = 64 << 10

    enum WriteResult {
        case nothing
        case more
        case finished
        case failed
    }

    init(id: UInt, socket: OpaquePointer, connection: Connection) {
        self.id = id
        self.socket = socket
        self.connection = connection
    }

    /// Adds to the output and asks to be called when the socket takes it.
    func append(_ bytes: some Collection<UInt8>) {
        if output.isEmpty {
            output = Array(repeating: 0, count: Self.prefix)
            sent = Self.prefix
        }
        output.append(contentsOf: bytes)
        lws_callback_on_writable(socket)
    }

    /// Sends the next piece. Called when the socket can be written and libwebsockets itself holds nothing back.
    func write() -> WriteResult {
        if output.isEmpty { return .nothing }
        let count = min(output.count - sent, Self.chunk)
        if count > 0 {
            // The array is not touched during the call; libwebsockets copies what the socket does not take.
            let result = output.withUnsafeMutableBufferPointer { buffer in
                lws_write(socket, buffer.baseAddress.map { $0 + sent }, count, CWEBSOCKETS_WRITE_RAW)
            }
            if result < 0 { return .failed }
            sent += count
        }
        // libwebsockets does not read while it holds output back, but would poll for input and spin.
        let isStuck = lws_partial_buffered(socket) != 0
        lws_rx_flow_control(socket, isReading && !isStuck ? 1 : 0)
        guard sent == output.count, !isStuck else {
            lws_callback_on_writable(socket)
            return .more
        }
        output = []
        return .finished
    }

    /// Replaces the deadline; nil removes it.
    func setDeadline(_ time: Duration?) {
        guard let time else { return lws_set_timer_usecs(socket, -1) }
        let (seconds, attoseconds) = time.components
        // Longer than a year is as good as none, and must not overflow.
        lws_set_timer_usecs(socket, min(seconds, 31_536_000) * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
