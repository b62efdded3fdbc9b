import FoundationEssentials
import Primitives
import Publishing
import TestSupport
import Testing
import TransparencyLog
import Transport

/// Our publisher asks aics-witness, a witness of another make.
@Suite("A witness of another make")
struct ForeignWitnessTests {
    let log = LogSimulator()
    let witness: ForeignWitness
    let time = Int(RepositorySimulator.now.timeIntervalSince1970)

    init() throws {
        witness = try ForeignWitness()
        try witness.setTime(RepositorySimulator.now)
    }

    private func grow(_ log: LogSimulator, to size: Int, salt: String = "") {
        while log.size < size { log.append(Array("\(salt)\(log.size)\n".utf8)) }
    }

    /// Asks it to cosign a log as it is now.
    private func ask(_ log: LogSimulator, guess: Int? = nil) throws -> WitnessReport {
        let text = log.checkpointText()
        let signed = text + [UInt8(ascii: "\n")] + log.key.noteLine(log.origin, over: text)
        let request = WitnessRoundRequest(
            checkpoint: try VerifiedCheckpoint.verify(signed, log: NoteKey(vkey: log.vkey)),
            witnesses: [WitnessToAsk(name: "w", vkey: witness.vkey, url: ByteString(witness.url))],
            knownSizes: guess.map { [witness.vkey: $0] } ?? [:],
            proof: { ConsistencyProof(hashes: log.tree.consistency(from: $0, to: log.size)) },
            isEnough: { !$0.isEmpty })
        return try #require(HTTPWitnessRound(HTTPClient()).ask(request).reports.first)
    }

    private func cosignedAt(_ report: WitnessReport) -> Int? {
        if case .cosigned(_, let time) = report.outcome { time } else { nil }
    }

    @Test func `cosigns a log from its beginning, as it grows, and again as it stands`() throws {
        try witness.watch(log.vkey)
        for size in [0, 1, 255, 256, 257, 700] {
            grow(log, to: size)
            let report = try ask(log)
            #expect(cosignedAt(report) == time, "\(size) entries: \(report.outcome)")
            #expect(report.size == size)
        }
        try witness.setTime(RepositorySimulator.now + 3600)
        #expect(try cosignedAt(ask(log, guess: 700)) == time + 3600)
    }

    @Test func `corrects a wrong guess of what it holds`() throws {
        try witness.watch(log.vkey)
        grow(log, to: 300)
        _ = try ask(log)
        grow(log, to: 301)
        #expect(try cosignedAt(ask(log, guess: 17)) == time)
    }

    @Test func `names a log that it does not know`() throws {
        grow(log, to: 3)
        guard case .refused(404, _) = try ask(log).outcome else {
            Issue.record("it took a log that it was not told of")
            return
        }
    }

    @Test func `knows a log that was set back, and one that forked`() throws {
        try witness.watch(log.vkey)
        grow(log, to: 300)
        _ = try ask(log)

        let earlier = log.fork(keeping: 200)
        #expect(try ask(earlier).outcome == .knowsLargerTree(size: 300))
        let other = log.fork(keeping: 200)
        grow(other, to: 300, salt: "other ")
        #expect(try ask(other, guess: 300).outcome == .knowsOtherTree(size: 300))
        grow(other, to: 400, salt: "other ")
        #expect(try ask(other, guess: 300).outcome == .knowsOtherTree(size: 300))
        grow(log, to: 301)
        #expect(try cosignedAt(ask(log)) == time, "the true log goes on")
    }

    @Test func `cosigns nothing while its clock is behind`() throws {
        try witness.watch(log.vkey)
        grow(log, to: 3)
        _ = try ask(log)
        try witness.setTime(RepositorySimulator.now - 5 * 3600)
        guard case .refused(503, _) = try ask(log).outcome else {
            Issue.record("it signed a time before its last one")
            return
        }
    }
}
