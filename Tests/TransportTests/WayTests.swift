import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing
import Transport

@Suite("Which way requests go")
struct WayTests {
    @Test(
        "an onion address is not even looked up without a SOCKS proxy, however it is spelled",
        arguments: ["http://abc.onion/a", "https://abc.ONION/a", "http://abc.onion./a", "http://x.abc.onion:8080/a"])
    func onion(url: String) throws {
        let proxy = try HostileServer { _, _ in .file([7]) }
        for way in [nil, "http://127.0.0.1:\(proxy.port)"] {
            let client = try HTTPClient(TransportConfiguration(proxy: way))
            let fault = try fault { _ = try client.fetch(HTTPRequest(url: url, limit: 1)) }
            #expect(fault.code == .onionWithoutTor)
            #expect(fault.family == .transport)
        }
        #expect(proxy.connectionCount == 0)
        let socks = try HTTPClient(TransportConfiguration(proxy: "socks5h://127.0.0.1:\(proxy.port)"))
        if url.hasPrefix("http:") { #expect(try socks.fetch(HTTPRequest(url: url, limit: 1)) == .ok([7])) }
    }

    @Test("a host that is spelled so that it could be another one is refused")
    func spelling() throws {
        for url in ["http://abc.%6Fnion/a", "http://a..b/a", "http://[::1/a", "http://a:1:2/a", "http://a:x/a"] {
            let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: url, limit: 1)) }
            #expect(fault.code == .invalidURL, "\(url)")
        }
    }

    @Test("with a SOCKS proxy, mirrors in the open net are asked through it as well")
    func clearnet() throws {
        let proxy = try HostileServer { _, _ in .file([7]) }
        let client = try HTTPClient(TransportConfiguration(proxy: "socks5h://127.0.0.1:\(proxy.port)"))
        #expect(try client.fetch(HTTPRequest(url: "http://mirror.invalid/a", limit: 1)) == .ok([7]))
        #expect(proxy.requests.map { $0.header("host") } == ["mirror.invalid"])
    }

    @Test("a pin that is none is refused before anything is asked")
    func pins() throws {
        let good = "sha256//" + String(repeating: "A", count: 43) + "="
        for pin in ["", "sha256//", String(good.dropLast()), good + "=", "sha1" + good.dropFirst(6), good + ";" + good]
        {
            let fault = try fault { _ = try HTTPClient(TransportConfiguration(pinnedKeys: [pin])) }
            #expect(fault.code == .invalidPin, "\(pin)")
            #expect(fault.family == .usage)
        }
        _ = try HTTPClient(TransportConfiguration(pinnedKeys: [good, good]))
    }

    @Test("no password file is read")
    func netrc() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            try folder.write("machine 127.0.0.1 login me password secret\n", to: ".netrc")
            setenv("HOME", folder.path.string, 1)
            let server = try HostileServer(["/a": .file([7])])
            _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1))
            exit(server.requests.map { $0.header("authorization") } == [nil] ? 0 : 1)
        }
    }
}

@Suite("How fast")
struct SpeedTests {
    @Test("a limit of bandwidth is kept, and where we are the slow ones nobody is given up for it")
    func bandwidth() throws {
        let content = bytes(2 << 20)
        let server = try HostileServer(["/a": .file(content)])
        let folder = try TemporaryFolder()
        var limits = TransportLimits()
        // Of a server that should be faster than this, the download would have to end in less than half a second.
        (limits.fetch, limits.slowestAverage, limits.slowestRate) = (.milliseconds(400), 1 << 30, 1 << 30)
        (limits.bandwidth, limits.slowFor) = (1 << 20, .seconds(1))
        let client = try HTTPClient(TransportConfiguration(limits: limits))
        let clock = ContinuousClock()
        let time = try clock.measure {
            try client.download(
                server.url + "a", to: folder.path("a.part"), expectedLength: content.count, storage: DurableStorage())
        }
        #expect(try folder.read("a.part") == content)
        #expect(time > .milliseconds(500))
    }

    @Test("a byte now and then is given up in the time that the file is worth, and what came is kept")
    func drip() throws {
        let content = bytes(300_000)
        let server = try HostileServer(["/a": .drip(file: content)])
        let folder = try TemporaryFolder()
        var limits = TransportLimits()
        (limits.fetch, limits.slowestAverage) = (.milliseconds(300), content.count + 1)
        let client = try HTTPClient(TransportConfiguration(limits: limits))
        let fault = try fault {
            try client.download(
                server.url + "a", to: folder.path("a.part"), expectedLength: content.count, storage: DurableStorage())
        }
        #expect(fault.code == .timedOut)
        let kept = try #require(try folder.read("a.part"))
        #expect(kept.count < 1000 && content.starts(with: kept))
    }

    @Test("only what may go well in a moment is passing")
    func passing() {
        let passing: [TransportFault] = [
            TransportFault(.connectFailed), TransportFault(.truncated), TransportFault(.httpStatus, found: "500"),
            TransportFault(.httpStatus, found: "503"),
        ]
        let lasting: [TransportFault] = [
            TransportFault(.timedOut), TransportFault(.tlsFailed), TransportFault(.httpStatus, found: "429"),
            TransportFault(.httpStatus, found: "404"), TransportFault(.redirected, found: "302"),
            TransportFault(.tooLong), TransportFault(.onionWithoutTor), TransportFault(.httpStatus),
        ]
        #expect(passing.filter { !$0.isPassing } == [])
        #expect(lasting.filter { $0.isPassing } == [])
    }
}
