package import HTTPTypes

/// One client's connection as a pure state machine: events in, actions out, no sockets and no clocks.
///
/// One request is answered at a time, in the order of arrival (pipelining). While a request is handled its client is
/// still read from, so that a client that goes away is noticed; what it sends in the meantime waits here, up to a
/// bound.
package struct Connection {
    /// What the shell around it has to do, in this order.
    package enum Action: Equatable {
        /// Hand the request to the handler; its response comes back through `responded`.
        case handle(HTTPRequest)
        /// Send the interim response that lets the client send its body.
        case sendContinue
        /// Send the response. `finished` follows as an event when all of it has left.
        case respond(HTTPResponse, answeringHead: Bool, closing: Bool)
        /// Start or stop reading from the socket.
        case setReading(Bool)
        /// Replace the deadline, after which `expired` has to be called; nil for none.
        case setDeadline(Duration?)
        /// Tell the client that no more comes, but go on reading.
        case endOutput
        /// Close now.
        case close
    }

    private enum Phase: Equatable {
        case idle
        case head
        case body
        case handling(isHead: Bool, keepsAlive: Bool)
        case sending(keepsAlive: Bool)
        /// All is said; what the client still sends is read and dropped. Closing with unread bytes makes TCP send a
        /// reset, which can wipe out the response before the client has read it (RFC 9112, 9.6).
        case lingering
        case closed
    }

    private let limits: HTTPServerLimits
    private var reader: RequestReader
    private var phase = Phase.idle
    private var isReading = true
    /// The server is stopping: no request after the current one.
    private var isLast = false

    /// Bytes held back while a request is handled; more than this stay in the kernel.
    private static let maximumWaiting = 64 << 10
    private static let lingerTime = Duration.seconds(2)

    package init(limits: HTTPServerLimits, maximumBodyBytes: Int) {
        self.limits = limits
        reader = RequestReader(limits: limits, maximumBodyBytes: maximumBodyBytes)
    }

    /// The connection stands.
    package func opened() -> [Action] { [.setDeadline(limits.idleTime)] }

    /// The client sent bytes.
    package mutating func received(_ bytes: some Collection<UInt8>) -> [Action] {
        switch phase {
        case .lingering, .closed:
            return []
        case .handling, .sending:
            reader.append(bytes)
            return updateReading()
        case .idle, .head, .body:
            reader.append(bytes)
            return read()
        }
    }

    /// The handler answered.
    package mutating func responded(_ response: HTTPResponse) -> [Action] {
        guard case .handling(let isHead, var keepsAlive) = phase else { return [] }
        keepsAlive = keepsAlive && !isLast && !response.headers.tokens("Connection").contains("close")
        return send(response, answeringHead: isHead, keepsAlive: keepsAlive)
    }

    /// All output has left.
    package mutating func finished() -> [Action] {
        guard case .sending(let keepsAlive) = phase else { return [] }
        if keepsAlive && !isLast {
            phase = .idle
            return [.setDeadline(limits.idleTime)] + read() + updateReading()
        }
        phase = .lingering
        isReading = true
        return [.endOutput, .setReading(true), .setDeadline(Self.lingerTime)]
    }

    /// The deadline passed.
    package mutating func expired() -> [Action] {
        switch phase {
        case .head, .body:
            return send(.init(status: 408), answeringHead: false, keepsAlive: false)
        case .idle, .sending, .lingering:
            phase = .closed
            return [.close]
        case .handling, .closed:
            return []
        }
    }

    /// The server stops: a request that has begun is still served, then the connection closes.
    package mutating func stop() -> [Action] {
        isLast = true
        guard phase == .idle else { return [] }
        phase = .closed
        return [.close]
    }

    private mutating func read() -> [Action] {
        let before = phase
        do {
            switch try reader.next() {
            case .idle:
                phase = .idle
                return before == phase ? [] : [.setDeadline(limits.idleTime)]
            case .head:
                phase = .head
                return before == phase ? [] : [.setDeadline(limits.headTime)]
            case .body(let sendContinue):
                phase = .body
                let deadline: [Action] = before == phase ? [] : [.setDeadline(limits.bodyTime)]
                return sendContinue ? deadline + [.sendContinue] : deadline
            case .request(let request, let keepsAlive):
                phase = .handling(isHead: request.method == "HEAD", keepsAlive: keepsAlive)
                return [.setDeadline(nil), .handle(request)]
            }
        } catch {
            let response = HTTPResponse(status: error.status, contentType: "text/plain", text: error.reason + "\n")
            return send(response, answeringHead: false, keepsAlive: false)
        }
    }

    private mutating func send(
        _ response: HTTPResponse, answeringHead: Bool, keepsAlive: Bool
    ) -> [Action] {
        phase = .sending(keepsAlive: keepsAlive)
        return [
            .setDeadline(limits.sendTime), .respond(response, answeringHead: answeringHead, closing: !keepsAlive),
        ]
    }

    private mutating func updateReading() -> [Action] {
        let wanted = reader.unreadCount < Self.maximumWaiting
        guard wanted != isReading else { return [] }
        isReading = wanted
        return [.setReading(wanted)]
    }
}
