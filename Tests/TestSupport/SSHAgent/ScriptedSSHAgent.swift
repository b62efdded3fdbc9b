import Foundation
internal import Glibc
import Synchronization
import SystemPackage

/// A program at a Unix socket that answers the clients of an ssh-agent with what a test says, however unkind.
///
/// One connection at a time; it stops when the test lets go of it.
package final class ScriptedSSHAgent: Sendable {
    /// What a request is answered with.
    package enum Answer: Sendable {
        /// These bytes as they are, then the end of the connection.
        case raw([UInt8])
        /// One message: its length and these bytes.
        case message([UInt8])
        /// These bytes again and again, until the client leaves.
        case endless([UInt8])
        /// Nothing, until the client leaves.
        case silence
    }

    package let socket: FilePath
    private let core: Core

    package init(at socket: FilePath, _ script: @escaping @Sendable (_ request: [UInt8]) -> Answer) throws {
        self.socket = socket
        core = try Core(socket.string, script)
        let core = self.core
        Thread.detachNewThread { core.serve() }
    }

    deinit {
        core.stop()
    }

    /// Every message that came in, without its length.
    package var requests: [[UInt8]] { core.requests.withLock { $0 } }

    /// Waits until a request has come that `script` answered; false when none comes within a minute.
    package func awaitRequest() -> Bool {
        core.arrived.wait(timeout: .now() + 60) == .success
    }

    private final class Core: Sendable {
        let requests = Mutex<[[UInt8]]>([])
        let arrived = DispatchSemaphore(value: 0)
        private let descriptor: Int32
        private let script: @Sendable ([UInt8]) -> Answer

        init(_ path: String, _ script: @escaping @Sendable ([UInt8]) -> Answer) throws {
            self.script = script
            descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
            }
            guard status == 0, listen(descriptor, 8) == 0 else { throw Errno(rawValue: errno) }
        }

        func stop() {
            // Ends the accept of the other thread, which then closes the socket.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }

        func serve() {
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                answer(client)
                close(client)
            }
            close(descriptor)
        }

        private func answer(_ client: Int32) {
            guard let header = read(4, from: client) else { return }
            guard let request = read(header.reduce(0) { $0 << 8 | Int($1) }, from: client) else { return }
            let answer = script(request)
            requests.withLock { $0.append(request) }
            arrived.signal()
            switch answer {
            case .raw(let bytes): _ = write(bytes, to: client)
            case .message(let bytes):
                let length = UInt32(bytes.count)
                _ = write([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + bytes, to: client)
            case .endless(let bytes): while write(bytes, to: client) {}
            case .silence: _ = read(1, from: client)
            }
        }

        private func read(_ count: Int, from client: Int32) -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: count)
            return recv(client, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
        }

        private func write(_ bytes: [UInt8], to client: Int32) -> Bool {
            send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }
    }
}
