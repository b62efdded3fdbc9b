import Foundation
internal import Glibc
import SystemPackage

/// Debian's microsocks on 127.0.0.1, with names that only it can look up. It ends when released.
package final class SOCKSServer {
    package let port: UInt16
    private let process = Process()

    /// - Parameter names: what it takes for 127.0.0.1. Nobody else on this machine knows them: its resolver alone is made to
    ///   read a file of ours.
    package init(names: [String], scratch: TemporaryFolder) throws {
        let hosts = try scratch.write(names.map { "127.0.0.1 \($0)\n" }.joined(), to: "socks-hosts")
        port = try FreePort.find(1).first ?? 0
        process.executableURL = URL(fileURLWithPath: "/usr/bin/microsocks")
        process.arguments = ["-i", "127.0.0.1", "-p", "\(port)"]
        process.environment = ["LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": hosts.string]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It does not say when it listens.
        let patience = ContinuousClock.now + .seconds(10)
        while (try? RawClient(port: Int(port))) == nil {
            guard process.isRunning, .now < patience else {
                throw PeerProgram.Objection(description: "microsocks does not listen")
            }
            poll(nil, 0, 5)
        }
    }

    deinit {
        // What is started from a thread of ours may have all other signals blocked, as the thread has.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    package var address: String { "socks5h://127.0.0.1:\(port)" }
}
