import CWebSockets
import Foundation
import HTTPTypes
import Synchronization

/// The thread that owns a server's sockets: libwebsockets' event loop around one ``Connection`` per client.
///
/// libwebsockets does the polling, the timers and the sending of what a slow client does not take at once. Its own
/// HTTP/1 parser is not used: it percent-decodes and tidies the target before anyone sees it, splits the query at `&`
/// and `;`, drops a chunked body's framing, and keeps no order of fields (lib/roles/http/parsers.c of 4.1). HubSpot
/// signs the target byte for byte, so what it changes cannot be verified any more.
///
/// `@unchecked Sendable`: after `run` has begun, only its thread touches the properties that vary; every other thread
/// goes through `mailbox`, which has a lock.
final class ServiceLoop: @unchecked Sendable {
    typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

    private enum Message {
        case response(HTTPResponse, client: UInt)
        case stop
        case abort
    }

    private struct Mailbox {
        var messages: [Message] = []
        /// nil before the loop exists and when it is about to be destroyed: nobody may wake it then.
        var loop: EventLoop?
        var isFinished = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let handler: Handler
    private let limits: HTTPServerLimits
    private let maximumBodyBytes: Int
    private let mailbox = Mutex(Mailbox())

    private let listener: Listener
    /// The loop while it turns, nil before and after.
    private var loop: EventLoop?
    private var isListenerOpen = true
    private var clients: [UInt: Client] = [:]
    private var lastClient: UInt = 0
    private var runningHandlers = 0
    private var isStopping = false
    private var isAborted = false
    private var date = HTTPDate()

    init(listener: Listener, limits: HTTPServerLimits, maximumBodyBytes: Int, handler: @escaping Handler) {
        self.listener = listener
        self.limits = limits
        self.maximumBodyBytes = maximumBodyBytes
        self.handler = handler
    }

    // MARK: From any thread

    /// Starts the thread; requests are served when this returns.
    func start() throws(HTTPServerError) {
        // Unretained: the thread keeps self alive until the loop is destroyed.
        let user = Unmanaged.passUnretained(self).toOpaque()
        guard let loop = EventLoop(listener: listener, connections: limits.connections, user: user, callback: serve)
        else { throw HTTPServerError(.cannotListen, "no memory for libwebsockets' event loop") }
        mailbox.withLock { $0.loop = loop }
        let thread = Thread { [self] in run(loop) }
        thread.name = "http-server"
        thread.start()
    }

    /// Accepts no more clients and ends when the requests in flight are answered.
    func stop() { post(.stop) }

    /// Ends now, whatever is in flight.
    func abort() { post(.abort) }

    /// Returns when the thread has ended and its sockets are closed.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isFinished = mailbox.withLock { mailbox in
                if !mailbox.isFinished { mailbox.waiters.append(continuation) }
                return mailbox.isFinished
            }
            if isFinished { continuation.resume() }
        }
    }

    private func post(_ message: Message) {
        mailbox.withLock { mailbox in
            guard let loop = mailbox.loop else { return }
            mailbox.messages.append(message)
            // Under the lock, so that the loop cannot be destroyed in between.
            loop.wake()
        }
    }

    // MARK: On the loop's thread

    private func run(_ loop: EventLoop) {
        self.loop = loop
        while !isAborted, !(isStopping && clients.isEmpty && runningHandlers == 0), loop.turn() {}
        mailbox.withLock { $0.loop = nil }
        loop.destroy()
        self.loop = nil
        let waiters = mailbox.withLock { mailbox in
            mailbox.isFinished = true
            defer { mailbox.waiters = [] }
            return mailbox.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// One event of libwebsockets. A negative result closes the socket.
    fileprivate func handle(
        _ reason: lws_callback_reasons, _ socket: OpaquePointer?, _ bytes: UnsafeRawBufferPointer
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_EVENT_WAIT_CANCELLED: readMailbox()
        case LWS_CALLBACK_RAW_RX_FILE: acceptClients()
        case LWS_CALLBACK_RAW_CLOSE_FILE: isListenerOpen = false
        case LWS_CALLBACK_RAW_ADOPT: if let socket { open(socket) }
        case LWS_CALLBACK_TIMER where socket == loop?.listener: setListening(true)
        default:
            guard let client = clients[UInt(bitPattern: lws_get_opaque_user_data(socket))] else { return 0 }
            switch reason {
            case LWS_CALLBACK_RAW_RX: perform(client.connection.received(bytes), client)
            case LWS_CALLBACK_RAW_WRITEABLE: write(client)
            case LWS_CALLBACK_TIMER: perform(client.connection.expired(), client)
            case LWS_CALLBACK_RAW_CLOSE: closed(client)
            default: break
            }
            return client.isClosing ? -1 : 0
        }
        return 0
    }

    private func acceptClients() {
        guard let loop else { return }
        while clients.count < limits.connections {
            let (descriptor, isOutOfRoom) = listener.accept()
            guard let descriptor else {
                if isOutOfRoom {
                    setListening(false)
                    lws_set_timer_usecs(loop.listener, 100_000)
                }
                return
            }
            loop.adopt(descriptor)
        }
        setListening(false)
    }

    private func setListening(_ isOn: Bool) {
        if let loop, isListenerOpen { lws_rx_flow_control(loop.listener, isOn ? 1 : 0) }
    }

    private func open(_ socket: OpaquePointer) {
        lastClient += 1
        let client = Client(
            id: lastClient, socket: socket, connection: .init(limits: limits, maximumBodyBytes: maximumBodyBytes))
        clients[client.id] = client
        // A number in a pointer's place: it is looked up and never followed, so a late event finds nothing at worst.
        lws_set_opaque_user_data(socket, UnsafeMutableRawPointer(bitPattern: client.id))
        perform(client.connection.opened(), client)
    }

    private func closed(_ client: Client) {
        client.task?.cancel()
        clients[client.id] = nil
        if clients.count == limits.connections - 1 { setListening(true) }
        // A timer closes sockets just before the loop waits for events: with the last of them gone, none would come.
        if isStopping { loop?.wake() }
    }

    private func readMailbox() {
        let messages = mailbox.withLock { mailbox in
            defer { mailbox.messages = [] }
            return mailbox.messages
        }
        for message in messages {
            switch message {
            case .response(let response, let id):
                runningHandlers -= 1
                guard let client = clients[id] else { continue }
                client.task = nil
                perform(client.connection.responded(response), client)
            case .stop:
                isStopping = true
                if let loop, isListenerOpen { closeSoon(loop.listener) }
                for client in clients.values { perform(client.connection.stop(), client) }
            case .abort:
                isAborted = true
            }
        }
    }

    private func perform(_ actions: [Connection.Action], _ client: Client) {
        for action in actions {
            switch action {
            case .handle(let request):
                runningHandlers += 1
                client.task = Task { [handler, id = client.id] in
                    self.post(.response(await handler(request), client: id))
                }
            case .sendContinue:
                client.append("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            case .respond(let response, let answeringHead, let closing):
                client.append(response.encoded(answeringHead: answeringHead, closing: closing, date: date.text()))
            case .setReading(let isOn):
                client.isReading = isOn
                lws_rx_flow_control(client.socket, isOn ? 1 : 0)
            case .setDeadline(let time):
                client.setDeadline(time)
            case .endOutput:
                shutdown(lws_get_socket_fd(client.socket), Int32(SHUT_WR))
            case .close:
                client.isClosing = true
                closeSoon(client.socket)
            }
        }
    }

    private func write(_ client: Client) {
        switch client.write() {
        case .more: client.setDeadline(limits.sendTime)
        case .nothing: break
        case .finished: perform(client.connection.finished(), client)
        case .failed: client.isClosing = true
        }
    }

    private func closeSoon(_ socket: OpaquePointer) {
        lws_set_timeout(socket, PENDING_TIMEOUT_USER_OK, Int32(CWEBSOCKETS_CLOSE_SOON))
    }
}

/// libwebsockets' callback: finds the loop in the context's user pointer and hands the event on.
private func serve(
    _ socket: OpaquePointer?, _ reason: lws_callback_reasons, _: UnsafeMutableRawPointer?,
    _ bytes: UnsafeMutableRawPointer?, _ count: Int
) -> Int32 {
    // For events of the whole loop `socket` is a stand-in that knows nothing but its context.
    guard let context = lws_get_context(socket), let user = lws_context_user(context) else { return 0 }
    let loop = Unmanaged<ServiceLoop>.fromOpaque(user).takeUnretainedValue()
    // `bytes` lives until this returns; what is kept of it is copied.
    return loop.handle(reason, socket, UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}
