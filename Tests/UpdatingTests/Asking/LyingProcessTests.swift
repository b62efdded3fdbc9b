import Primitives
import Processes
import Signatures
import SystemPackage
import Testing
import Transport

@testable import Updating

/// The process that talks with servers may have been taken over by one. It can refuse to work, and no more.
@Suite("A process that asks servers and was taken over")
struct LyingProcessTests {
    struct Crime: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: [UInt8]
        var isSilent = false
        var request = AskRequest.file(HTTPRequest(url: "http://mirror.example/a", limit: 10))
        var code = "transport/worker-answer"
    }

    private static let ready = Asking.ready
    private static let rest = AskRequest.rest(url: "http://mirror.example/a", offset: 0, length: 10)
    private static let later = AskRequest.rest(url: "http://mirror.example/a", offset: 4, length: 10)
    private static let part = AskRequest.part(url: "http://mirror.example/a", offset: 0, limit: 10)

    static let crimes = [
        Crime(testDescription: "more than was asked for", says: ready + Asking.bytes(11) + Asking.end(.whole)),
        Crime(testDescription: "more than was asked for, in pieces", says: ready + Asking.bytes(6) + Asking.bytes(5)),
        Crime(testDescription: "pieces of nothing without end", says: ready + Asking.bytes(0) + Asking.bytes(0)),
        Crime(testDescription: "a frame of no kind", says: ready + [0, 0, 0, 0, 1, 0]),
        Crime(testDescription: "a frame that only the agent sends", says: ready + AskFrame.encode(.order, [1])),
        Crime(testDescription: "a beginning again", says: ready + ready),
        Crime(testDescription: "no beginning", says: Asking.bytes(3) + Asking.end(.whole)),
        Crime(testDescription: "a beginning that is no text", says: AskFrame.encode(.ready, [0xFF])),
        Crime(testDescription: "a length of 2^63", says: ready + [0x42, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        Crime(testDescription: "a length of 2^32 - 1", says: ready + [0x42, 0xFF, 0xFF, 0xFF, 0xFF]),
        Crime(testDescription: "a piece longer than a piece may be", says: ready + [0x42, 0, 2, 0, 1]),
        Crime(testDescription: "an end of no kind", says: ready + AskFrame.encode(.end, [9])),
        Crime(testDescription: "an end without a kind", says: ready + AskFrame.encode(.end, [])),
        Crime(
            testDescription: "half a frame, then silence", says: ready + Asking.bytes(9).prefix(7), isSilent: true,
            code: "transport/timed-out"),
        Crime(
            testDescription: "half a header, then silence", says: ready + [0x42, 0], isSilent: true,
            code: "transport/timed-out"),
        Crime(testDescription: "silence", says: [], isSilent: true, code: "transport/timed-out"),
        Crime(
            testDescription: "half a frame, then death", says: ready + Asking.bytes(9).prefix(7),
            code: "transport/worker-ended"),
        Crime(testDescription: "death at once", says: [], code: "transport/worker-ended"),
        Crime(testDescription: "not modified, of nothing", says: ready + Asking.end(.unchanged)),
        Crime(testDescription: "nothing there, after bytes", says: ready + Asking.bytes(3) + Asking.end(.absent)),
        Crime(testDescription: "begin anew, of a whole file", says: ready + Asking.end(.anew)),
        Crime(
            testDescription: "too few bytes, and whole", says: ready + Asking.bytes(9) + Asking.end(.whole),
            request: rest),
        Crime(testDescription: "begin anew, of a beginning", says: ready + Asking.end(.anew), request: rest),
        Crime(
            testDescription: "begin anew, after bytes", says: ready + Asking.bytes(3) + Asking.end(.anew),
            request: later),
        Crime(testDescription: "no more than before, and whole", says: ready + Asking.end(.whole), request: later),
        Crime(testDescription: "nothing there, of a target", says: ready + Asking.end(.absent), request: rest),
        Crime(testDescription: "not modified, of a part", says: ready + Asking.end(.unchanged), request: part),
        Crime(testDescription: "more than the part", says: ready + Asking.bytes(11), request: part),
        Crime(testDescription: "a fault with an absurd code", says: ready + Asking.fault("{\"code\":\"made/up\"}")),
        Crime(testDescription: "a fault of another module", says: ready + Asking.fault("{\"code\":\"agent/stopped\"}")),
        Crime(
            testDescription: "that the agent is to end", says: ready + Asking.fault("{\"code\":\"transport/stopped\"}")),
        Crime(
            testDescription: "that the configuration is wrong",
            says: ready + Asking.fault("{\"code\":\"transport/invalid-proxy\"}")),
        Crime(testDescription: "a fault that is no text", says: ready + Asking.fault("}")),
        Crime(
            testDescription: "a fault of many layers", says: ready + Asking.fault(String(repeating: "[", count: 200))
        ),
    ]

    @Test("gives a transport fault, and is ended", arguments: crimes, [1, Int.max])
    func crime(crime: Crime, piece: Int) {
        var limits = TransportLimits()
        if crime.isSilent { (limits.fetch, limits.download) = (.milliseconds(20), .milliseconds(20)) }
        let channel = ScriptedChannel(crime.says, thenSilent: crime.isSilent, piece: piece)
        let processes = Asking.processes(TransportConfiguration(limits: limits), margin: .zero) { channel }
        let client = processes.client(for: "http://mirror.example/")
        var received = 0
        let found = code {
            switch crime.request {
            case .file(let request): _ = try client.fetch(request)
            case .part(let url, let offset, let limit):
                _ = try client.fetch(url, from: offset, limit: limit) { received += $0.count }
            case .rest(let url, let offset, let length):
                _ = try client.fetchRest(url, from: offset, of: length) { received += $0.count }
            }
        }
        #expect(found == crime.code)
        #expect(received <= 10)
        #expect(channel.ends == 1)
    }

    @Test("what it says unasked, after an answer, is no answer to the next request")
    func unasked() throws {
        let answer = Asking.bytes(3) + Asking.end(.whole)
        let channel = ScriptedChannel(Asking.ready + answer + answer)
        let client = Asking.processes { channel }.client(for: "http://mirror.example/")
        let request = HTTPRequest(url: "http://mirror.example/a", limit: 10)
        #expect(try client.fetch(request) == .ok([7, 7, 7]))
        #expect(code { try client.fetch(request) } == "transport/worker-answer")
        #expect(channel.ends == 1)
    }

    @Test("may not say that this machine is at fault: nobody else would be asked then")
    func machine() {
        let says = Asking.ready + Asking.fault("{\"code\":\"transport/unavailable\"}")
        let processes = Asking.processes { ScriptedChannel(says) }
        let request = HTTPRequest(url: "http://mirror.example/a", limit: 1)
        #expect(
            code { try processes.client(for: "http://mirror.example/").fetch(request) } == "transport/worker-ended")
    }

    @Test("words that it chose reach no terminal as they are, and have an end")
    func words() throws {
        let text = "\u{1B}[2J" + String(repeating: "x", count: 9000)
        let bytes = AskFault.encode(TransportFault(.httpStatus, found: "503", at: "there"))
        #expect(AskFault.decode(bytes) == TransportFault(.httpStatus, found: "503", at: "there"))
        let raw = "{\"code\":\"transport/http-status\",\"found\":\"\\u001b[2J\(text.dropFirst())\"}"
        let fault = try #require(AskFault.decode(Array(raw.utf8)))
        #expect(fault.message.utf8.count < 2200)
        #expect(!fault.message.contains("\u{1B}"))
        let gaps = AskGaps.encode(Array(repeating: String(repeating: "é", count: 10_000), count: 1000))
        #expect(AskGaps.decode(gaps)?.count == 32)
        #expect(AskGaps.decode(gaps)?.allSatisfy { $0.utf8.count <= 1000 } == true)
    }

    @Test("is started anew a few times in a run, for each mirror, and then no more")
    func startedAnew() {
        var starts = 0
        let processes = Asking.processes {
            starts += 1
            return ScriptedChannel([])
        }
        for mirror in ["http://a.example/", "http://b.example/"] {
            let client = processes.client(for: mirror)
            for _ in 0..<10 {
                #expect(code { try client.fetch(HTTPRequest(url: mirror + "x", limit: 1)) } == "transport/worker-ended")
            }
        }
        #expect(starts == 6)
    }

    @Test("knows one mirror only: for another one there is another process, and the first is ended before")
    func oneMirror() throws {
        var channels: [ScriptedChannel] = []
        let processes = Asking.processes {
            let answer = Asking.bytes(1) + Asking.end(.whole)
            channels.append(ScriptedChannel(Asking.ready + answer, later: [answer]))
            // Never two at a time.
            #expect(channels.dropLast().allSatisfy { $0.ends == 1 })
            return channels[channels.count - 1]
        }
        processes.prepare()
        #expect(channels.count == 1)
        let bases = ["https://me:secret@a.example/", "https://b.example/"]
        for base in bases {
            let client = processes.client(for: base)
            for _ in 1...2 where channels.count <= 2 {
                #expect(try client.fetch(HTTPRequest(url: base + "x", limit: 1)) == .ok([7]))
            }
        }
        processes.release()
        #expect(channels.map(\.ends) == [1, 1])
        #expect(String(decoding: channels[0].sent, as: UTF8.self).contains("secret"))
        #expect(!String(decoding: channels[1].sent, as: UTF8.self).contains("a.example"))
    }

    @Test("is left at once when the agent is to stop, which is no mirror's fault")
    func stopped() {
        let channel = ScriptedChannel(Asking.ready, thenSilent: true)
        var beats = 0
        let processes = Asking.processes(
            start: { channel },
            goesOn: {
                beats += 1
                return false
            })
        let client = processes.client(for: "http://mirror.example/")
        #expect(code { try client.fetch(HTTPRequest(url: "http://mirror.example/a", limit: 1)) } == "transport/stopped")
        #expect(beats == 1)
        #expect(channel.ends == 1)
    }

    @Test("what cannot be asked is refused before a process is started")
    func refusedBefore() {
        var starts = 0
        func refusal(_ url: String, _ configuration: TransportConfiguration = .init()) -> String? {
            let processes = Asking.processes(configuration) {
                starts += 1
                return ScriptedChannel([])
            }
            return code { try processes.client(for: url).fetch(HTTPRequest(url: url, limit: 1)) }
        }
        #expect(refusal("ftp://mirror.example/") == "transport/invalid-url")
        #expect(refusal("http://abc.onion/") == "transport/onion-without-tor")
        #expect(refusal("http://a.example/", TransportConfiguration(proxy: "socks4://x")) == "transport/invalid-proxy")
        #expect(refusal("http://a.example/", TransportConfiguration(pinnedKeys: ["x"])) == "transport/invalid-pin")
        #expect(refusal("http://a.example/" + String(repeating: "a", count: 1 << 20)) == "transport/unsafe-path")
        #expect(starts == 0)
    }

    @Test("orders and requests come through as they were given")
    func coding() throws {
        var configuration = TransportConfiguration(
            proxy: "socks5h://user:word@127.0.0.1:9050", authorities: "/etc/a b.pem", pinnedKeys: ["sha256//x", "y"])
        configuration.limits.bandwidth = 7
        configuration.limits.connect = .milliseconds(1500)
        #expect(try AskOrder.decode(AskOrder.encode(configuration)) == configuration)
        #expect(try AskOrder.decode(AskOrder.encode(.init())) == .init())
        let url = "https://mirror.example/%C3%A9?"
        for request in [
            AskRequest.file(HTTPRequest(url: url, limit: 5)),
            .file(HTTPRequest(url: url, limit: 0, ifNoneMatch: Digest.sha256(of: [1]))),
            .part(url: url, offset: 0, limit: .max), .rest(url: url, offset: 3, length: 1 << 40),
        ] {
            #expect(try AskRequest(request.encoding) == request)
        }
        for text in ["", "{}", "{\"url\":\"x\"}", "{\"url\":\"x\",\"offset\":-1,\"limit\":1}", "[1]"] {
            #expect(code { try AskRequest(Array(text.utf8)) } != nil)
        }
    }
}
