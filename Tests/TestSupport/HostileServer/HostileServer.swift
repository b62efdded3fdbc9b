import DurableStorage
import Foundation
internal import Glibc
import Primitives
import Synchronization
import SystemPackage

/// An HTTP/1.1 server on 127.0.0.1 that does what the test says, however unkind, and remembers what it was asked.
///
///     let server = try HostileServer(["/a": .endless, "/b": .file(bytes)])
///     try client.fetch(HTTPRequest(url: server.url + "a", limit: 10))
///     #expect(server.requests.map(\.path) == ["/a"])
///
/// Stops when the test lets go of it.
package final class HostileServer: Sendable {
    /// A request as it came in.
    package struct Request: Hashable, Sendable {
        package let method: String
        /// As sent, with its percent signs.
        package let path: String
        /// Every line after the request line, in order.
        package let headerLines: [String]
        /// What came with a `Content-Length`.
        package let body: [UInt8]
        /// All of it before the body, byte by byte.
        package let head: [UInt8]

        /// The value of a header field, by lower-case name.
        package func header(_ name: String) -> String? {
            let line = headerLines.first { $0.lowercased().hasPrefix(name + ":") }
            return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    private let core: ServerCore

    /// Answers each request as `script` says; `count` tells how often its path was asked for before.
    package init(_ script: @escaping @Sendable (_ request: Request, _ count: Int) -> ServerBehaviour) throws {
        core = try ServerCore(script)
        let core = self.core
        Thread.detachNewThread { core.acceptAll() }
    }

    /// Answers by path; 404 for every other.
    package convenience init(_ table: [String: ServerBehaviour]) throws {
        try self.init { request, _ in table[request.path] ?? .status(404) }
    }

    /// Publishes a folder, as an honest static server would; `table` says where it does not.
    package convenience init(publishing folder: FilePath, except table: [String: ServerBehaviour] = [:]) throws {
        try self.init { request, _ in
            if let behaviour = table[request.path] { return behaviour }
            guard let path = request.path.removingPercentEncoding, !path.contains("/../"),
                let bytes = try? DurableStorage().read(folder.appending(FilePath(path).components), limit: 1 << 30)
            else { return .status(404) }
            return .file(bytes)
        }
    }

    deinit {
        core.stop()
    }

    /// `http://127.0.0.1:PORT/`.
    package var url: String { "http://127.0.0.1:\(core.port)/" }
    package var port: UInt16 { core.port }
    /// In the order they came in.
    package var requests: [Request] { core.requests }
    /// Connections taken so far.
    package var connectionCount: Int { core.connectionCount }

    /// Ends every connection and takes no more.
    package func stop() {
        core.stop()
    }
}

/// The listening socket and what its threads share.
final class ServerCore: Sendable {
    private struct State {
        var requests: [HostileServer.Request] = []
        var counts: [String: Int] = [:]
        var connections: Set<Int32> = []
        var connectionCount = 0
        var isStopped = false
    }

    let port: UInt16
    private let listener: Int32
    private let script: @Sendable (HostileServer.Request, Int) -> ServerBehaviour
    private let state = Mutex(State())

    init(_ script: @escaping @Sendable (HostileServer.Request, Int) -> ServerBehaviour) throws {
        self.script = script
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Errno(rawValue: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, length) == 0, listen(listener, 64) == 0 else { return Int32(-1) }
                return getsockname(listener, address, &length)
            }
        }
        guard status == 0 else {
            close(listener)
            throw Errno(rawValue: errno)
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(listener)
    }

    var requests: [HostileServer.Request] { state.withLock { $0.requests } }
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            let isWelcome = state.withLock { state in
                state.connectionCount += 1
                if !state.isStopped { state.connections.insert(descriptor) }
                return !state.isStopped
            }
            guard isWelcome else {
                close(descriptor)
                return
            }
            Thread.detachNewThread { [self] in serve(descriptor) }
        }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            for descriptor in state.connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve(_ descriptor: Int32) {
        let connection = ServerConnection(descriptor)
        while let request = connection.readRequest() {
            let count = state.withLock { state in
                state.requests.append(request)
                state.counts[request.path, default: 0] += 1
                return (state.counts[request.path] ?? 1) - 1
            }
            guard connection.answer(request, script(request, count).step(count)) else { break }
        }
        state.withLock { _ = $0.connections.remove(descriptor) }
        close(descriptor)
    }
}
