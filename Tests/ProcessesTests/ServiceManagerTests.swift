import Glibc
import Processes
import SystemPackage
import TestSupport
import Testing

/// The service manager's end of the line: a real datagram socket.
private final class ScriptedManager {
    private let descriptor: Int32

    init(at address: [UInt8]) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var socketAddress = sockaddr_un()
        socketAddress.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &socketAddress.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(2 + address.count + (address[0] == 0 ? 0 : 1))
        let descriptor = descriptor
        let outcome = withUnsafePointer(to: &socketAddress) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        if outcome != 0 { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    func next() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }
}

@Suite("Telling the service manager")
struct ServiceManagerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("each thing is told in one datagram, to a path and to an abstract address", arguments: [false, true])
    func telling(isAbstract: Bool) throws {
        let name = folder.path("notify").string
        let manager = try ScriptedManager(at: (isAbstract ? [0] : []) + Array(name.utf8))
        let address = isAbstract ? "@" + name : name
        let service = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": address], process: 1))
        #expect(service.ready())
        #expect(manager.next() == "READY=1")
        #expect(service.ready(status: "waits for releases"))
        #expect(manager.next() == "READY=1\nSTATUS=waits for releases")
        #expect(service.status("fetches 1.2.3"))
        #expect(manager.next() == "STATUS=fetches 1.2.3")
        #expect(service.watchdog())
        #expect(manager.next() == "WATCHDOG=1")
        #expect(service.stopping())
        #expect(manager.next() == "STOPPING=1")
    }

    @Test("reloading comes with the time of the monotonic clock, in microseconds")
    func reloading() throws {
        let manager = try ScriptedManager(at: Array(folder.path("notify").string.utf8))
        let service = try #require(
            ServiceManager(environment: ["NOTIFY_SOCKET": folder.path("notify").string], process: 1))
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        #expect(service.reloading())
        var after = timespec()
        clock_gettime(CLOCK_MONOTONIC, &after)
        let lines = manager.next().split(separator: "\n")
        #expect(lines.count == 2 && lines.first == "RELOADING=1")
        let time = try #require(lines.last.flatMap { Int($0.replacing("MONOTONIC_USEC=", with: "")) })
        #expect(time >= before.tv_sec * 1_000_000 + before.tv_nsec / 1000)
        #expect(time <= after.tv_sec * 1_000_000 + after.tv_nsec / 1000)
    }

    @Test("a status cannot tell anything else, and has a limit")
    func statusLine() throws {
        let manager = try ScriptedManager(at: Array(folder.path("notify").string.utf8))
        let service = try #require(
            ServiceManager(environment: ["NOTIFY_SOCKET": folder.path("notify").string], process: 1))
        service.status("a\nMAINPID=1\r\u{0}ä")
        #expect(manager.next() == "STATUS=a MAINPID=1  ä")
        service.status(String(repeating: "ä", count: 100_000))
        #expect(manager.next() == "STATUS=" + String(repeating: "ä", count: 500))
    }

    @Test(
        "no address, or one that is of no use, is nobody to tell",
        arguments: [nil, "", "/", "@", "relative", "vsock:2:1234", "/a\0b", "/" + String(repeating: "a", count: 107)])
    func noAddress(address: String?) {
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": address].compactMapValues(\.self), process: 1) == nil)
    }

    @Test("a manager that is gone, or does not listen, is no reason to wait or to fail")
    func nobodyListens() throws {
        let path = folder.path("notify").string
        let service = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": path], process: 1))
        #expect(!service.ready())
        let manager = try ScriptedManager(at: Array(path.utf8))
        // Its queue holds some datagrams; then nobody takes one out.
        var heard = 0
        while service.watchdog(), heard < 100_000 { heard += 1 }
        #expect(heard > 0 && heard < 100_000)
        #expect(manager.next() == "WATCHDOG=1")
        #expect(service.watchdog())
    }

    @Test("the watchdog's limit is for the process it names")
    func watchdogLimit() {
        func limit(_ environment: [String: String]) -> Duration? {
            let address = ["NOTIFY_SOCKET": "/x"]
            return ServiceManager(environment: environment.merging(address) { $1 }, process: 42)?.watchdogLimit
        }
        #expect(limit(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(limit(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == .seconds(30))
        #expect(limit(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
        for wrong in ["", "0", "-1", "x", "99999999999999999999"] { #expect(limit(["WATCHDOG_USEC": wrong]) == nil) }
        #expect(limit([:]) == nil)
    }
}
