import Foundation
internal import Glibc

/// A client that sends exactly the bytes a test gives it, and says exactly what came back.
///
/// Blocks; gives up after ten seconds, so that a server that never answers fails the test instead of hanging it.
package final class RawClient {
    package struct Response: Equatable {
        package var status: Int
        /// Status line and fields, without the date.
        package var head: String
        package var body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package struct Unreadable: Error {
        package let received: String
    }

    private let descriptor: CInt
    private var buffer: [UInt8] = []

    /// `receiveBuffer`: bytes the kernel keeps for us, for a client that does not read.
    package init(host: String = "127.0.0.1", port: Int, receiveBuffer: CInt? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, host, &name.sin_addr)
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Thrown from here on, `deinit` closes; twice, it would be somebody else's file.
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit {
        close()
    }

    private var isClosed = false

    package func close() {
        if !isClosed { Glibc.close(descriptor) }
        isClosed = true
    }

    package func send(_ text: String) {
        send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    package func get(_ path: String, _ fields: String = "") throws -> Response {
        send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return try response()
    }

    package func endInput() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Whether there is nothing to read for `milliseconds`.
    package func staysSilent(for milliseconds: CInt) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return buffer.isEmpty && Glibc.poll(&poll, 1, milliseconds) == 0
    }

    /// The next answer, read as its own head says. `withoutBody`: it answers a HEAD.
    package func response(withoutBody: Bool = false) throws -> Response {
        while separator == nil, receive() {}
        guard let separator else { throw Unreadable(received: String(decoding: buffer, as: UTF8.self)) }
        let head = String(decoding: buffer[..<separator], as: UTF8.self)
        buffer.removeFirst(separator + 4)
        let lines = head.components(separatedBy: "\r\n")
        let status = lines[0].components(separatedBy: " ").dropFirst().first.flatMap(Int.init) ?? 0
        let length = lines.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        let wanted = withoutBody || status == 304 ? 0 : length
        while buffer.count < wanted, receive() {}
        let body = Array(buffer.prefix(wanted))
        buffer.removeFirst(body.count)
        let kept = lines.filter { !$0.hasPrefix("Date: ") }.joined(separator: "\n")
        return Response(status: status, head: kept, body: body)
    }

    /// All that comes until the server closes.
    package func untilClosed() -> [UInt8] {
        while receive() {}
        defer { buffer = [] }
        return buffer
    }

    private var separator: Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard buffer.count >= 4 else { return nil }
        return (0...(min(buffer.count, 8192) - 4)).first { buffer[$0..<$0 + 4].elementsEqual(mark) }
    }

    /// False at the end of the connection.
    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 { buffer += chunk[..<count] }
        return count > 0
    }
}
