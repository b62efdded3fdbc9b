import Foundation
internal import Glibc
import SystemPackage
import TestSupport
import Testing

/// `sceau-agent run` with a service manager's end of the line: a real datagram socket. Ended when released.
final class RunningDaemon {
    let process = Process()
    private let descriptor: Int32
    private let errors: URL

    /// - Parameter name: of files in the association's folder.
    init(_ association: Association, _ arguments: [String] = ["--now"], name: String = "daemon") throws {
        let path = association.folder.path("\(name).socket").string
        errors = URL(fileURLWithPath: association.folder.path("\(name).log").string)
        descriptor = try Self.listen(at: path)
        try Data().write(to: errors)
        process.executableURL = Tool.agent.executable
        process.arguments = ["run", "--config", association.configuration] + arguments
        process.environment = ["NOTIFY_SOCKET": path, "LANG": "C.UTF-8", "WATCHDOG_USEC": "600000000"]
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        close(descriptor)
    }

    private static func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if outcome != 0 { throw Errno(rawValue: errno) }
        return descriptor
    }

    /// The next thing it tells that is no sign of life; empty after a minute without.
    func told() -> String {
        while true {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
            if text != "WATCHDOG=1" { return text }
        }
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The exit status, once it has ended.
    func ending() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func log() throws -> String { String(decoding: try Data(contentsOf: errors), as: UTF8.self) }
}
