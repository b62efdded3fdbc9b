internal import Glibc

/// What a service tells the service manager (systemd) that started it: sd_notify(3), without its library.
///
/// Telling is never a reason to fail: each call returns whether it was heard, and waits a second at most.
package struct ServiceManager: Sendable {
    /// As in `sockaddr_un`: a path, or a zero byte and a name without a file.
    private let address: [UInt8]
    /// How often `watchdog` has to be called at the least; half of it is a good time. Nil: never.
    package let watchdogLimit: Duration?

    private static let longestStatus = 500

    /// Nil when no service manager wants to know, or at an address of a kind that this does not know.
    ///
    /// `environment` is that of the process with the id `process`: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
    package init?(environment: [String: String], process: Int32) {
        guard var address = environment["NOTIFY_SOCKET"].map({ Array($0.utf8) }) else { return nil }
        guard address.count > 1, address.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path),
            address[0] == UInt8(ascii: "/") || address[0] == UInt8(ascii: "@"), !address.contains(0)
        else { return nil }
        if address[0] == UInt8(ascii: "@") { address[0] = 0 }
        self.address = address
        watchdogLimit = Self.watchdogLimit(environment, process)
    }

    /// That of this very process.
    package init?() {
        let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
        let known = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        self.init(environment: Dictionary(uniqueKeysWithValues: known), process: getpid())
    }

    private static func watchdogLimit(_ environment: [String: String], _ process: Int32) -> Duration? {
        // It may be meant for another process, whose environment this one inherited.
        if let meant = environment["WATCHDOG_PID"], Int32(meant) != process { return nil }
        guard let limit = environment["WATCHDOG_USEC"].flatMap(Int64.init), limit > 0 else { return nil }
        return .microseconds(limit)
    }

    /// The service works; `status` is a line for people.
    @discardableResult
    package func ready(status: String? = nil) -> Bool {
        tell(["READY=1"] + (status.map { [line($0)] } ?? []))
    }

    @discardableResult
    package func status(_ text: String) -> Bool { tell([line(text)]) }

    /// The service is alive.
    @discardableResult
    package func watchdog() -> Bool { tell(["WATCHDOG=1"]) }

    @discardableResult
    package func stopping() -> Bool { tell(["STOPPING=1"]) }

    /// The configuration is being read again; `ready` says when that is done.
    @discardableResult
    package func reloading() -> Bool {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC, &now) == 0 else { return false }
        return tell(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)"])
    }

    /// One line of limited length: a second one would be something else that is told.
    private func line(_ text: String) -> String {
        let line = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }.prefix(Self.longestStatus)
        return "STATUS=" + String(String.UnicodeScalarView(line))
    }

    private func tell(_ lines: [String]) -> Bool {
        let message = Array(lines.joined(separator: "\n").utf8)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size) == 0 else { return false }
        return send(message, to: descriptor) == message.count
    }

    private func send(_ message: [UInt8], to descriptor: Int32) -> Int {
        var socketAddress = sockaddr_un()
        socketAddress.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &socketAddress.sun_path) { $0.copyBytes(from: address) }
        // A path ends at its zero byte, a name where the length says.
        let beginning = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2
        let length = socklen_t(beginning + address.count + (address[0] == 0 ? 0 : 1))
        return withUnsafePointer(to: &socketAddress) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
