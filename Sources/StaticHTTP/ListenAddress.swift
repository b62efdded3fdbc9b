import NIOCore
import Primitives

/// An address to listen on: an IPv4 or IPv6 number and a port, as `127.0.0.1:8080` or `[::1]:8080`. Port 0 is a free one.
///
/// No names: what they resolve to can change, and with it who reaches the server.
package struct ListenAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init(_ text: String) throws(ServingFault) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ServingFault(.invalidAddress, found: text)
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard isBracketed == host.contains(":"), (try? SocketAddress(ipAddress: String(host), port: 0)) != nil else {
            throw ServingFault(.invalidAddress, found: text)
        }
        self.init(host: String(host), port: Int(port))
    }

    /// Where a client reaches it: `http://127.0.0.1:8080/`.
    package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/" }

    package var socketAddress: SocketAddress? { try? SocketAddress(ipAddress: host, port: port) }
}
