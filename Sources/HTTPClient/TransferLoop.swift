import CCurl
import Foundation
import HTTPTypes
import Synchronization

/// The thread that owns libcurl's multi handle and with it all transfers and kept connections.
///
/// `@unchecked Sendable`: after `start`, only its thread touches `running`; every other thread goes through `mailbox`,
/// which has a lock.
final class TransferLoop: @unchecked Sendable {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>

    private enum Message {
        case start(Transfer, Continuation)
        case cancel(Transfer)
        case close
    }

    private struct Mailbox {
        var messages: [Message] = []
        /// nil once the loop is closing: nobody may wake it then.
        var multi: Multi?
        var isFinished = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// `@unchecked Sendable`: curl_multi_wakeup is the one call that libcurl allows from any thread, and the only one
    /// made through this pointer outside of the loop's thread.
    private struct Multi: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

    private let mailbox = Mutex(Mailbox())
    /// By libcurl's handle.
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]

    /// libcurl's global state, once per process. OpenSSL writes to a broken connection with write(2), whose signal would
    /// end the process; libcurl keeps it off only where it may change signal handlers, which no thread but the first may.
    private static let isInitialized: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }()

    /// Starts the thread; without one (out of memory) every transfer fails as closed.
    func start(connectionsPerHost: Int) {
        guard Self.isInitialized, let multi = curl_multi_init() else { return }
        ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        let context = Multi(pointer: multi)
        mailbox.withLock { $0.multi = context }
        let thread = Thread { [self] in run(context) }
        thread.name = "http-client"
        thread.start()
    }

    func start(_ transfer: Transfer, _ continuation: Continuation) {
        if !post(.start(transfer, continuation)) {
            continuation.resume(returning: .failure(HTTPClientError(.closed, host: transfer.host)))
        }
    }

    func cancel(_ transfer: Transfer) {
        // The flag comes first: the cancellation may overtake the start.
        transfer.isCancelled.store(true, ordering: .releasing)
        post(.cancel(transfer))
    }

    /// Fails what is in flight and ends the thread.
    func close() { post(.close) }

    /// Returns when the thread has ended.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isFinished = mailbox.withLock { mailbox in
                if !mailbox.isFinished { mailbox.waiters.append(continuation) }
                return mailbox.isFinished
            }
            if isFinished { continuation.resume() }
        }
    }

    @discardableResult
    private func post(_ message: Message) -> Bool {
        mailbox.withLock { mailbox in
            guard let multi = mailbox.multi else { return false }
            mailbox.messages.append(message)
            // Under the lock, so that the handle cannot be freed in between.
            curl_multi_wakeup(multi.pointer)
            return true
        }
    }

    // MARK: On the loop's thread

    private func run(_ multi: Multi) {
        let multi = multi.pointer
        var isOpen = true
        while isOpen {
            isOpen = readMailbox(multi)
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            completeTransfers(multi)
            // libcurl shortens the wait to its own timers.
            curl_multi_poll(multi, nil, 0, isOpen ? 60_000 : 0, nil)
        }
        mailbox.withLock { $0.multi = nil }
        _ = readMailbox(multi)
        for transfer in running.values { giveUp(transfer, .closed, multi) }
        curl_multi_cleanup(multi)
        let waiters = mailbox.withLock { mailbox in
            mailbox.isFinished = true
            defer { mailbox.waiters = [] }
            return mailbox.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// False when the loop has to close.
    private func readMailbox(_ multi: UnsafeMutableRawPointer) -> Bool {
        let messages = mailbox.withLock { mailbox in
            defer { mailbox.messages = [] }
            return mailbox.messages
        }
        var isOpen = true
        for message in messages {
            switch message {
            case .start(let transfer, let continuation): start(transfer, continuation, multi)
            case .cancel(let transfer): giveUp(transfer, .cancelled, multi)
            case .close: isOpen = false
            }
        }
        return isOpen
    }

    private func start(_ transfer: Transfer, _ continuation: Continuation, _ multi: UnsafeMutableRawPointer) {
        let easy = transfer.start(continuation)
        guard let easy, !transfer.isCancelled.load(ordering: .acquiring) else {
            return transfer.complete(CURLE_OK, givenUp: easy == nil ? .closed : .cancelled)
        }
        running[easy] = transfer
        curl_multi_add_handle(multi, easy)
    }

    private func completeTransfers(_ multi: UnsafeMutableRawPointer) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            // Read before the handle is removed, which frees the message.
            let result = ccurl_result(message)
            curl_multi_remove_handle(multi, easy)
            running.removeValue(forKey: easy)?.complete(result)
        }
    }

    private func giveUp(_ transfer: Transfer, _ code: HTTPClientError.Code, _ multi: UnsafeMutableRawPointer) {
        guard let easy = transfer.easy, running.removeValue(forKey: easy) != nil else { return }
        curl_multi_remove_handle(multi, easy)
        transfer.complete(CURLE_OK, givenUp: code)
    }
}
