import Foundation
import Primitives
import Publishing
import Signatures
import TestSupport
import Testing
import TransparencyLog
import Transport
import Witnessing

/// What the publisher does, against our own witness and against servers that are none.
@Suite("A round of witnesses")
struct RoundTests {
    private static func ask(
        _ log: LogSimulator, _ witnesses: [WitnessToAsk], size: Int? = nil, guesses: [ByteString: Int] = [:],
        enough: Int = 1, patience: Duration = .seconds(20), grace: Duration = .seconds(20),
        note: [UInt8]? = nil, now: Date? = nil
    ) throws -> WitnessRoundResult {
        let size = size ?? log.size
        let text = log.checkpointText(size: size)
        let note = note ?? text + [0x0A] + log.key.noteLine(log.origin, over: text)
        let request = WitnessRoundRequest(
            checkpoint: try VerifiedCheckpoint.verify(note, log: NoteKey(vkey: log.vkey)), witnesses: witnesses,
            knownSizes: guesses, now: now,
            proof: { ConsistencyProof(hashes: log.tree.consistency(from: $0, to: size)) },
            isEnough: { $0.count >= enough })
        var times = WitnessPatience()
        (times.whole, times.grace) = (patience, grace)
        return try HTTPWitnessRound(HTTPClient(), patience: times).ask(request)
    }

    private func toAsk(_ bench: Bench, _ running: RunningWitness, slash: Bool = true) -> WitnessToAsk {
        let url = slash ? running.url : String(running.url.dropLast())
        return WitnessToAsk(name: bench.key.noteKey.name, vkey: bench.key.noteKey.vkey, url: ByteString(url))
    }

    /// Somebody who does what the test says, under a witness's key.
    private func toAsk(_ server: HostileServer, _ key: String = "hostile") throws -> WitnessToAsk {
        let vkey = TestKey(key).vkey(ByteString("witness.example/\(key)"), .witness)
        return WitnessToAsk(name: ByteString(key), vkey: vkey, url: ByteString(server.url))
    }

    @Test("brings a line of each, from wherever each one is, and remembers their sizes")
    func everyone() throws {
        let benches = try (1...3).map { try Bench(key: "w\($0)", as: ByteString("witness.example/w\($0)")) }
        let running = try benches.map { try RunningWitness($0) }
        let log = benches[0].log
        #expect(running[1].witness.addCheckpoint(benches[1].request(0, 17)).status == 200)
        #expect(running[2].witness.addCheckpoint(benches[2].request(0, 300)).status == 200)
        let witnesses = zip(benches, running).map { toAsk($0, $1) }
        let result = try Self.ask(log, witnesses, enough: 3)
        #expect(result.isEnough && result.lines.count == 3 && result.forks.isEmpty)
        #expect(result.sizes == Dictionary(uniqueKeysWithValues: witnesses.map { ($0.vkey, 300) }))
        let text = log.checkpointText()
        let policy = try WitnessPolicy(
            decoding: ByteString(
                "log \(log.vkey)\n" + witnesses.enumerated().map { "witness w\($0) \($1.vkey) \($1.url)\n" }.joined()
                    + "group all all w0 w1 w2\nquorum all\n"))
        let note = text + [0x0A] + log.key.noteLine(log.origin, over: text) + result.lines.flatMap(\.line)
        #expect(try policy.verify(note).cosignatures.count == 3)
        // Again, as it stands: a heartbeat, with the lines of the last round already there.
        let again = try Self.ask(log, witnesses, guesses: result.sizes, enough: 3, note: note)
        #expect(again.lines.count == 3)
    }

    @Test("grows from any size to any other")
    func sizes() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        let witness = toAsk(bench, running, slash: false)
        for (size, guess) in [(0, nil), (1, 0), (2, nil), (7, 300), (8, 8), (255, 8), (256, 3), (257, nil), (300, 257)]
        {
            let result = try Self.ask(
                bench.log, [witness], size: size, guesses: guess.map { [witness.vkey: $0] } ?? [:])
            #expect(result.isEnough, "\(size): \(result.reports)")
        }
        #expect(try bench.shown(running.witness)?.size == 300)
    }

    @Test("knows a fork when told of a larger tree, or of another one")
    func forks() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        let witness = toAsk(bench, running)
        #expect(running.witness.addCheckpoint(bench.request(0, 200)).status == 200)
        let setBack = try Self.ask(bench.log, [witness], size: 199)
        #expect(setBack.reports.map(\.outcome) == [.knowsLargerTree(size: 200)])
        #expect(setBack.forks.count == 1 && !setBack.isEnough)
        let fork = bench.log.fork(keeping: 150)
        for index in 0..<80 { fork.append([UInt8(index)]) }
        for size in [200, 230] {
            for guess in [nil, 200] {
                let result = try Self.ask(
                    fork, [witness], size: size, guesses: guess.map { [witness.vkey: $0] } ?? [:])
                #expect(result.reports.map(\.outcome) == [.knowsOtherTree(size: 200)], "\(size)")
            }
        }
        #expect(try bench.shown(running.witness)?.size == 200)
    }

    @Test("takes nobody's word for a fork: the witness has to show what our key has signed")
    func claims() throws {
        let bench = try Bench(entries: 5)
        let stranger = LogSimulator(witnesses: 0)
        func note(_ log: LogSimulator, _ size: Int) -> [UInt8] {
            let text = log.checkpointText(size: size)
            return text + [0x0A] + log.key.noteLine(log.origin, over: text)
        }
        let fork = bench.log.fork(keeping: 3)
        for index in 0..<9 { fork.append([UInt8(index)]) }
        func ask(_ claim: ServerBehaviour, shows: ServerBehaviour) throws -> WitnessRoundResult {
            let name = "/\(Witness.monitoringName(bench.log.origin))/checkpoint"
            let server = try HostileServer { request, _ in request.path == name ? shows : claim }
            let witness = try toAsk(server)
            return try Self.ask(bench.log, [witness], guesses: [witness.vkey: 3], enough: 0)
        }
        let claims: [ServerBehaviour] = [
            .status(409, body: Array("9007199254740991\n".utf8)), .status(409, body: Array("6\n".utf8)), .status(422),
        ]
        let forged = note(bench.log, 5).map { $0 == UInt8(ascii: "5") ? UInt8(ascii: "7") : $0 }
        for claim in claims {
            for shows: ServerBehaviour in [
                .status(404), .status(500), .hangUp, .endless, .redirect(to: "http://127.0.0.1:1/"), .file([]),
                .file(Array("9\n".utf8)), .file(note(bench.log, 3)), .file(note(bench.log, 5)), .file(forged),
                .file(note(stranger, stranger.size)),
            ] {
                let result = try ask(claim, shows: shows)
                guard case .unusable? = result.reports.first?.outcome, result.forks.isEmpty else {
                    Issue.record("\(claim), \(shows): \(result.reports)")
                    continue
                }
            }
            let larger = try ask(claim, shows: .file(note(fork, 12))).reports.first?.outcome
            #expect(larger == .knowsLargerTree(size: 12))
            for size in [4, 5] {
                let other = try ask(claim, shows: .file(note(fork, size))).reports.first?.outcome
                #expect(other == .knowsOtherTree(size: size))
            }
        }
    }

    @Test("keeps no line that does not hold")
    func badAnswers() throws {
        let bench = try Bench(entries: 5)
        let key = TestKey("hostile")
        let name: ByteString = "witness.example/hostile"
        let text = bench.log.checkpointText()
        let good = key.cosignatureLine(name, over: text, at: TestClock.start)
        let stranger = TestKey("x").cosignatureLine("x", over: text, at: TestClock.start)
        let wrong = key.cosignatureLine(name, over: bench.log.checkpointText(size: 4), at: TestClock.start)
        func outcome(_ behaviour: ServerBehaviour) throws -> WitnessOutcome? {
            let server = try HostileServer { _, _ in behaviour }
            return try Self.ask(bench.log, [toAsk(server)]).reports.first?.outcome
        }
        for body in [
            [], Array("thank you\n".utf8), stranger, Array(good.dropLast()), wrong, good + wrong, good + [0x0A],
        ] {
            guard case .unusable = try outcome(.status(200, body: body)) else {
                Issue.record("\(String(decoding: body, as: UTF8.self))")
                continue
            }
        }
        guard case .cosigned(let line, 1_800_000_000) = try outcome(.status(200, body: stranger + good + stranger))
        else {
            Issue.record("a good line among those of strangers")
            return
        }
        #expect(line.line == good)
    }

    @Test(
        "takes no cosignature by a clock that is days wrong: not as one of enough, and not as a line that would stay",
        arguments: [-1.8e9, -86_401.0, -18_000.0, 0.0, 18_000.0, 86_401.0, 4e18])
    func wrongClock(seconds: Double) throws {
        let bench = try Bench(entries: 5)
        let line = TestKey("hostile").cosignatureLine(
            "witness.example/hostile", over: bench.log.checkpointText(), at: TestClock.start + seconds)
        let server = try HostileServer { _, _ in .status(200, body: line) }
        let result = try Self.ask(bench.log, [toAsk(server)], now: TestClock.start)
        let isTaken = abs(seconds) <= 86_400
        #expect(result.isEnough == isTaken && result.lines.isEmpty == !isTaken, "\(result.reports)")
    }

    @Test("tells refusals, strange answers and silence apart")
    func outcomes() throws {
        let bench = try Bench(entries: 5)
        func outcome(_ behaviour: ServerBehaviour) throws -> (WitnessOutcome?, Int) {
            let server = try HostileServer { _, _ in behaviour }
            let result = try Self.ask(bench.log, [toAsk(server)], patience: .milliseconds(600))
            return (result.reports.first?.outcome, server.requests.count)
        }
        for status in [400, 403, 404, 422, 429, 500, 503] {
            let found = try outcome(.status(status, body: Array("no\u{1b}[2J\nreally\n".utf8)))
            #expect(found == (.refused(status: status, words: "no\u{1b}[2J"), 1), "\(status)")
        }
        for body in ["", "x\n", "-1\n", "3", "007\n", "99999999999999999999\n"] {
            guard case (.unusable, 1) = try outcome(.status(409, body: Array(body.utf8))) else {
                Issue.record("409 with \(body)")
                continue
            }
        }
        // One correction, and no more.
        guard case (.unusable, 2) = try outcome(.status(409, body: Array("3\n".utf8))) else {
            Issue.record("409 for ever")
            return
        }
        for behaviour in [ServerBehaviour.hangUp, .silence, .raw(Array("hello\r\n\r\n".utf8)), .endlessHeaders] {
            switch try outcome(behaviour).0 {
            case .unreachable, .unusable: break
            case let other: Issue.record("\(behaviour): \(String(describing: other))")
            }
        }
        guard case (.unusable, 1) = try outcome(.endless) else {
            Issue.record("an endless answer")
            return
        }
        // Nobody is sent elsewhere.
        guard case (.refused(302, _), 1) = try outcome(.redirect(to: "http://127.0.0.1:1/")) else {
            Issue.record("a redirect")
            return
        }
    }

    @Test("says who cannot be asked at all")
    func addresses() throws {
        let bench = try Bench(entries: 5)
        let key = TestKey("w").vkey("w", .witness)
        let closed = try HostileServer([:])
        let port = closed.port
        closed.stop()
        let witnesses = [
            (key, ""), (key, "ftp://127.0.0.1/"), (key, "http://127.0.0.1:\(port)/"),
            ("nonsense", "http://127.0.0.1:1/"),
            (bench.log.vkey, "http://127.0.0.1:1/"),
        ].map { WitnessToAsk(name: "w", vkey: $0.0, url: ByteString($0.1)) }
        let result = try Self.ask(bench.log, witnesses)
        #expect(!result.isEnough && result.lines.isEmpty)
        let words = result.reports.map { report in
            switch report.outcome {
            case .unreachable: "unreachable"
            case .unusable: "unusable"
            default: "\(report.outcome)"
            }
        }
        #expect(words == ["unreachable", "unreachable", "unreachable", "unusable", "unusable"])
        #expect(try Self.ask(bench.log, [], enough: 0).isEnough)
    }

    @Test("does not wait long for the rest when there are enough, and not for ever when there are not")
    func waiting() throws {
        let bench = try Bench(entries: 5)
        let running = try RunningWitness(bench)
        let silent = try HostileServer { _, _ in .silence }
        let witnesses = [toAsk(bench, running), try toAsk(silent)]
        let start = ContinuousClock.now
        let enough = try Self.ask(bench.log, witnesses, enough: 1, patience: .seconds(60), grace: .milliseconds(50))
        #expect(enough.isEnough && enough.lines.count == 1)
        let missing = try Self.ask(bench.log, witnesses, enough: 2, patience: .milliseconds(200), grace: .seconds(60))
        #expect(!missing.isEnough && missing.lines.count == 1)
        guard case .unreachable = missing.reports.last?.outcome else {
            Issue.record("\(missing.reports)")
            return
        }
        #expect(start.duration(to: .now) < .seconds(30))
    }
}
