import CWebSockets
import Foundation

/// A libwebsockets context with one virtual host and one raw protocol, around a listening socket.
///
/// `@unchecked Sendable`: libwebsockets allows exactly one call from other threads, `wake`; everything else is called
/// by the thread that turns the loop.
struct EventLoop: @unchecked Sendable {
    private let context: OpaquePointer
    private let host: OpaquePointer
    /// One entry and a terminator, at an address that outlives the context, for libwebsockets keeps the pointer.
    private let protocols: UnsafeMutablePointer<lws_protocols>
    /// The listening socket, as the callback sees it.
    let listener: OpaquePointer

    private static let protocolName: StaticString = "http"

    /// Takes over `listener`'s descriptor and closes it when it fails, which only lack of memory can cause.
    ///
    /// - Parameter user: What `lws_context_user` gives back inside of the callback.
    init?(
        listener: Listener, connections: Int, user: UnsafeMutableRawPointer,
        callback:
            @escaping @convention(c) (
                OpaquePointer?, lws_callback_reasons, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int
            ) -> Int32
    ) {
        protocols = .allocate(capacity: 2)
        protocols.initialize(repeating: lws_protocols(), count: 2)
        // A literal has static storage, so its pointer never dangles.
        protocols[0].name = UnsafeRawPointer(Self.protocolName.utf8Start).assumingMemoryBound(to: CChar.self)
        protocols[0].callback = callback
        // Its log would go to the standard error output and name clients; what matters is returned as an error.
        lws_set_log_level(0, nil)
        var info = lws_context_creation_info()
        info.port = CONTEXT_PORT_NO_LISTEN_SERVER
        info.protocols = UnsafePointer(protocols)
        info.options = UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
        info.user = user
        info.pt_serv_buf_size = 64 << 10
        // libwebsockets makes and clears tables of 16 bytes for every file that may be open, which some containers put
        // at a thousand million. Given a number of its own it searches them instead of indexing, so only in that case.
        var files = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0, files.rlim_cur > 1 << 20 {
            info.fd_limit_per_thread = UInt32(connections + 16)
        }
        let context = lws_create_context(&info)
        guard let context, let host = lws_create_vhost(context, &info) else {
            if let context { lws_context_destroy(context) }
            protocols.deallocate()
            close(listener.descriptor)
            return nil
        }
        self.context = context
        self.host = host
        guard let socket = Self.adopt(listener.descriptor, LWS_ADOPT_RAW_FILE_DESC, host) else {
            lws_context_destroy(context)
            protocols.deallocate()
            return nil
        }
        self.listener = socket
    }

    /// Makes an accepted connection part of the loop. libwebsockets closes it where there is no room.
    func adopt(_ client: Int32) { _ = Self.adopt(client, LWS_ADOPT_SOCKET, host) }

    private static func adopt(_ descriptor: Int32, _ kind: lws_adoption_type, _ host: OpaquePointer) -> OpaquePointer? {
        lws_adopt_descriptor_vhost(host, kind, lws_sock_file_fd_type(sockfd: descriptor), "http", nil)
    }

    /// Ends the wait for events, from any thread; the callback hears of it.
    func wake() { lws_cancel_service(context) }

    /// Waits for events and handles them; false when the loop is broken.
    func turn() -> Bool { lws_service(context, 0) >= 0 }

    /// Closes every socket, each with its callback, and frees everything.
    func destroy() {
        lws_context_destroy(context)
        protocols.deallocate()
    }
}
