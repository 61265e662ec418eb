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
        /// nil before the loop exists and after it was destroyed: nobody may wake it then.
        var context: Context?
        var isFinished = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// `@unchecked Sendable`: libwebsockets allows exactly one call from other threads, lws_cancel_service, and that
    /// is the only one made through this pointer outside of the loop's thread.
    private struct Context: @unchecked Sendable { let pointer: OpaquePointer }

    private let handler: Handler
    private let limits: HTTPServerLimits
    private let maximumBodyBytes: Int
    private let mailbox = Mutex(Mailbox())

    private let listener: Listener
    private var listenerSocket: OpaquePointer?
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
        // One entry and a terminator, at an address that outlives the context: libwebsockets keeps the pointer.
        let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
        protocols.initialize(repeating: lws_protocols(), count: 2)
        // A literal has static storage, so its pointer never dangles.
        protocols[0].name = Self.protocolName.utf8Start.withMemoryRebound(to: CChar.self, capacity: 5) { $0 }
        protocols[0].callback = serve
        guard let context = makeContext(protocols) else {
            protocols.deallocate()
            close(listener.descriptor)
            throw HTTPServerError(.cannotListen, "libwebsockets gave no event loop; is the process out of memory?")
        }
        mailbox.withLock { $0.context = Context(pointer: context.pointer) }
        let memory = ProtocolMemory(pointer: protocols)
        let thread = Thread { [self] in run(context, memory) }
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
            guard let context = mailbox.context else { return }
            mailbox.messages.append(message)
            // Under the lock, so that the context cannot be destroyed in between.
            lws_cancel_service(context.pointer)
        }
    }

    // MARK: On the loop's thread

    /// `@unchecked Sendable`: made by the starting thread, then used and freed by the loop's thread alone.
    private struct ProtocolMemory: @unchecked Sendable { let pointer: UnsafeMutablePointer<lws_protocols> }

    private static let protocolName: StaticString = "http"

    private func makeContext(_ protocols: UnsafeMutablePointer<lws_protocols>) -> Context? {
        // Its log would go to the standard error output and name clients; what matters is returned as an error.
        lws_set_log_level(0, nil)
        var info = lws_context_creation_info()
        info.port = CONTEXT_PORT_NO_LISTEN_SERVER
        info.protocols = UnsafePointer(protocols)
        info.options = UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
        info.user = Unmanaged.passUnretained(self).toOpaque()  // `run` keeps self alive until the context is gone.
        info.pt_serv_buf_size = 64 << 10
        // libwebsockets allocates tables by the limit of open files, which containers set to a thousand million.
        // Given a number of its own it searches the table instead of indexing it, so only where it must be.
        var files = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0, files.rlim_cur > 1 << 17 {
            info.fd_limit_per_thread = UInt32(limits.connections + 16)
        }
        guard let context = lws_create_context(&info) else { return nil }
        let descriptor = lws_sock_file_fd_type(filefd: listener.descriptor)
        guard let host = lws_create_vhost(context, &info),
            let socket = lws_adopt_descriptor_vhost(host, LWS_ADOPT_RAW_FILE_DESC, descriptor, "http", nil)
        else {
            lws_context_destroy(context)
            return nil
        }
        listenerSocket = socket
        return Context(pointer: context)
    }

    private func run(_ context: Context, _ memory: ProtocolMemory) {
        while !isAborted, !(isStopping && clients.isEmpty && runningHandlers == 0) {
            if lws_service(context.pointer, 0) < 0 { break }
        }
        mailbox.withLock { $0.context = nil }
        lws_context_destroy(context.pointer)
        memory.pointer.deallocate()
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
        case LWS_CALLBACK_RAW_CLOSE_FILE: listenerSocket = nil
        case LWS_CALLBACK_RAW_ADOPT: if let socket { open(socket) }
        case LWS_CALLBACK_TIMER where socket == listenerSocket: setListening(true)
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
        guard let listenerSocket, let host = lws_get_vhost(listenerSocket) else { return }
        while clients.count < limits.connections {
            let (descriptor, isOutOfRoom) = listener.accept()
            guard let descriptor else {
                if isOutOfRoom {
                    setListening(false)
                    lws_set_timer_usecs(listenerSocket, 100_000)
                }
                return
            }
            let socket = lws_sock_file_fd_type(sockfd: descriptor)
            // Closes the descriptor itself when it fails.
            _ = lws_adopt_descriptor_vhost(host, LWS_ADOPT_SOCKET, socket, "http", nil)
        }
        setListening(false)
    }

    private func setListening(_ isOn: Bool) {
        if let listenerSocket { lws_rx_flow_control(listenerSocket, isOn ? 1 : 0) }
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
        if isStopping { lws_cancel_service(lws_get_context(client.socket)) }
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
                if let listenerSocket { closeSoon(listenerSocket) }
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
