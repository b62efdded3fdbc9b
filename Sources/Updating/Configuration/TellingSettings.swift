import SystemPackage

/// Whom the agent tells what happens, and how.
package struct NotifySettings: Hashable, Sendable {
    /// A program that gets each notice as JSON. Empty: none.
    package var command: [String] = []
    package var timeLimit = Duration.seconds(30)
    /// Addresses; empty: no mail.
    package var mail: [String] = []
    /// Nil: the mail system puts in its own.
    package var from: String?
    package var sendmail = ["/usr/sbin/sendmail", "-t"]
    /// Of what is told at all.
    package var events = Set(NoticeKind.allCases)
    /// Days before the end of the metadata.
    package var expiringDays = 2
    /// Hours for which no mirror was to be had.
    package var unreachableHours = 24
    /// Hours between two notices of what lasts.
    package var againHours = 24

    package init() {}

    package var channels: Set<NoticeChannel> {
        Set((command.isEmpty ? [] : [.command]) + (mail.isEmpty ? [] : [.mail]))
    }
}

/// The agent's numbers for Prometheus.
package struct MetricsSettings: Hashable, Sendable {
    /// Written after each run, for node_exporter's textfile collector.
    package var file: FilePath?
    /// Where the daemon answers with them.
    package var listen: ListenAddress?

    package init() {}

    package var isWanted: Bool { file != nil || listen != nil }
}

/// An IP address and a port to listen on.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// IPv4, or IPv6 without brackets.
    package let host: String
    package let port: Int

    /// Reads `127.0.0.1:9100` or `[::1]:9100`. Names are refused: what they lead to may change.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let (host, digits) = (text[..<colon], text[text.utf8.index(after: colon)...])
        guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let port = UInt16(digits) else {
            return nil
        }
        self.port = Int(port)
        if host.hasPrefix("["), host.hasSuffix("]") {
            self.host = String(host.dropFirst().dropLast())
            guard self.host.utf8.contains(UInt8(ascii: ":")), self.host.utf8.allSatisfy(Self.isIPv6) else { return nil }
        } else {
            self.host = String(host)
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4, parts.allSatisfy({ UInt8($0).map(String.init) == String($0) }) else { return nil }
        }
    }

    private static func isIPv6(_ byte: UInt8) -> Bool {
        switch Unicode.Scalar(byte) {
        case "0"..."9", "a"..."f", "A"..."F", ":", ".": true
        default: false
        }
    }

    /// Nobody but this machine reaches it.
    package var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }

    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
