internal import Glibc
import Primitives
import SystemPackage

/// How long an ssh-agent may take.
package struct SSHAgentTimes: Sendable {
    /// To list its keys, for which nobody is asked.
    package var listing = Duration.seconds(10)
    /// To sign: a person may have to find a token, type a PIN, touch it.
    package var signing = Duration.seconds(120)
    /// How long we wait for a signature before we say so.
    package var beforeNotice = Duration.seconds(1)

    package init() {}
}

/// One connection to an ssh-agent, for one request and its answer, which must be there before a deadline.
struct SSHAgentConnection: ~Copyable {
    /// OpenSSH's own limit for a message. Nothing is allocated for a longer one.
    static let messageLimit = 256 << 10

    private let descriptor: Int32
    private let path: String

    /// Throws `.noAgent`.
    init(_ path: String) throws(KeyFault) {
        self.path = path
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Self.unreachable(path, errno) }
        do {
            try Self.connect(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    private static func connect(_ descriptor: Int32, _ path: String) throws(KeyFault) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else {
            throw KeyFault(.noAgent, found: "a path of \(bytes.count) bytes, too long for a socket", at: path)
        }
        let error = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 ? 0 : errno
            }
        }
        guard error == 0 else { throw unreachable(path, error) }
    }

    private static func unreachable(_ path: String, _ error: Int32) -> KeyFault {
        KeyFault(.noAgent, found: Errno(rawValue: error).description.lowercased(), at: path)
    }

    /// Sends one message and returns the answer, both without their lengths.
    ///
    /// Throws `.agentSilent`, `.agentMalformed` (also when the agent hangs up), `.tooLongForAgent`.
    func exchange(_ message: [UInt8], _ patience: inout Patience) throws(KeyFault) -> [UInt8] {
        guard message.count <= Self.messageLimit else {
            throw KeyFault(
                .tooLongForAgent, found: "\(message.count) bytes", expected: "at most \(Self.messageLimit)", at: path)
        }
        var request = SSHWriter()
        request.string(message)
        try send(request.bytes, &patience)
        let length = try receive(4, &patience).reduce(0) { $0 << 8 | Int($1) }
        guard 1...Self.messageLimit ~= length else {
            throw malformed("a message of \(length) bytes", expected: "1 to \(Self.messageLimit)")
        }
        return try receive(length, &patience)
    }

    private func send(_ bytes: [UInt8], _ patience: inout Patience) throws(KeyFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, &patience)
            let (sent, error) = rest.withUnsafeBytes { buffer in
                let sent = Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                return (sent, errno)
            }
            if sent < 0, !Self.isTransient(error) { throw hungUp(error) }
            rest = rest.dropFirst(max(0, sent))
        }
    }

    private func receive(_ count: Int, _ patience: inout Patience) throws(KeyFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(count, 4096))
        while bytes.count < count {
            try wait(for: POLLIN, &patience)
            let wanted = min(chunk.count, count - bytes.count)
            let (got, error) = chunk.withUnsafeMutableBytes { (recv(descriptor, $0.baseAddress, wanted, 0), errno) }
            if got == 0 { throw malformed("the end of the connection", expected: "\(count - bytes.count) bytes more") }
            if got < 0, !Self.isTransient(error) { throw hungUp(error) }
            bytes += chunk.prefix(max(0, got))
        }
        return bytes
    }

    private func wait(for events: Int32, _ patience: inout Patience) throws(KeyFault) {
        while true {
            guard let milliseconds = patience.nextTimeout() else {
                throw KeyFault(.agentSilent, found: "no answer in \(patience.limit)", at: path)
            }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let ready = poll(&entry, 1, milliseconds)
            let error = errno
            if ready > 0 { return }
            if ready < 0, error != EINTR { throw hungUp(error) }
        }
    }

    private static func isTransient(_ error: Int32) -> Bool { error == EAGAIN || error == EINTR }

    private func hungUp(_ error: Int32) -> KeyFault {
        malformed(Errno(rawValue: error).description.lowercased(), expected: "an answer")
    }

    private func malformed(_ found: String, expected: String) -> KeyFault {
        KeyFault(.agentMalformed, found: found, expected: expected, at: path)
    }
}

/// How long an exchange may still take, and whether the person knows that we are waiting.
struct Patience {
    let limit: Duration
    private let start = ContinuousClock.now
    private let beforeNotice: Duration
    private var notice: (() -> Void)?

    /// `notice` is called once, when the exchange has taken `beforeNotice`.
    init(limit: Duration, beforeNotice: Duration = .zero, notice: (() -> Void)? = nil) {
        self.limit = limit
        self.beforeNotice = beforeNotice
        self.notice = notice
    }

    /// What `poll` may wait for, in milliseconds; nil when the time is up.
    mutating func nextTimeout() -> Int32? {
        let elapsed = start.duration(to: .now)
        guard elapsed < limit else { return nil }
        if let notice, elapsed >= beforeNotice {
            self.notice = nil
            notice()
        }
        let next = notice == nil ? limit : min(limit, beforeNotice)
        let (seconds, attoseconds) = (next - elapsed).components
        // Rounded up, so that the last wait is not followed by a busy one.
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
