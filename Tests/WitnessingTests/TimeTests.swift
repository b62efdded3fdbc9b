import DurableStorage
import Foundation
import Primitives
import Signatures
import Synchronization
import TestSupport
import Testing
import TransparencyLog
import Witnessing

@Suite("The time of a witness")
struct TimeTests {
    @Test("is in each cosignature, and a refresh has a new one, written before it is given out")
    func refresh() throws {
        let bench = try Bench()
        let faulty = try FaultyStorage(in: TemporaryFolder.inMemory)
        let witness = try bench.witness(faulty.storage)
        let first = witness.addCheckpoint(bench.request(0, 5))
        let written = faulty.effects.count
        bench.clock.now += 59
        // Whoever has a checkpoint can ask for this, again and again: it costs nothing.
        for _ in 0..<5 { #expect(witness.addCheckpoint(bench.request(5, 5)) == first) }
        #expect(faulty.effects.count == written)
        bench.clock.now += 1
        let second = witness.addCheckpoint(bench.request(5, 5))
        #expect(try second.time(over: bench.log.checkpointText(size: 5), by: witness.noteKey) == 1_800_000_060)
        #expect(faulty.effects.count > written)
        #expect(try bench.shown(witness)?.time == 1_800_000_060)
        // Heartbeats and repetitions are no news.
        #expect(bench.reports.words == ["cosigned 5"])
    }

    @Test("never goes back for a log: a little behind repeats it, far behind refuses, also after a restart")
    func clockBack() throws {
        let bench = try Bench()
        #expect(try bench.witness().addCheckpoint(bench.request(0, 5)).status == 200)
        let kept = try bench.folder.read(bench.logFile)
        let witness = try bench.witness()
        bench.clock.now = TestClock.start - 61
        #expect(witness.addCheckpoint(bench.request(5, 6)).status == 503)
        #expect(witness.addCheckpoint(bench.request(5, 5)).status == 503)
        #expect(bench.reports.words.suffix(2) == ["clock behind 61", "clock behind 61"])
        #expect(try bench.folder.read(bench.logFile) == kept)
        bench.clock.now = TestClock.start - 60
        let answer = witness.addCheckpoint(bench.request(5, 6))
        #expect(try answer.time(over: bench.log.checkpointText(size: 6), by: witness.noteKey) == 1_800_000_000)
        // Before 1970, too.
        bench.clock.now = Date(timeIntervalSince1970: -5)
        #expect(witness.addCheckpoint(bench.request(6, 7)).status == 503)
        bench.clock.now = TestClock.start + 5
        #expect(witness.addCheckpoint(bench.request(6, 7)).status == 200)
    }

    @Test("allows so many larger trees a day, for each log, and refusals and refreshes do not count")
    func growthLimit() throws {
        let bench = try Bench()
        bench.limits.growthsPerDay = 2
        let other = LogSimulator(origin: "other.example/log", witnesses: 0)
        other.append([1])
        let witness = try bench.witness(logs: [bench.logKey, NoteKey(vkey: other.vkey)])
        #expect(witness.addCheckpoint(bench.request(0, 1)).status == 200)
        for _ in 0..<5 {
            #expect(witness.addCheckpoint(bench.request(0, 2)).status == 409)
            #expect(witness.addCheckpoint(bench.request(1, 3, proof: [])).status == 422)
            bench.clock.now += 70
            #expect(witness.addCheckpoint(bench.request(1, 1)).status == 200)
        }
        #expect(witness.addCheckpoint(bench.request(1, 2)).status == 200)
        let refused = witness.addCheckpoint(bench.request(2, 3))
        #expect(refused.status == 429)
        let wait = try #require(refused.retryAfter)
        #expect((43_000 - 400...43_200).contains(wait))
        #expect(witness.addCheckpoint(bench.request(0, 1, of: other)).status == 200)
        bench.clock.now += Double(wait) - 2
        #expect(witness.addCheckpoint(bench.request(2, 3)).status == 429)
        bench.clock.now += 2
        #expect(witness.addCheckpoint(bench.request(2, 3)).status == 200)
        #expect(witness.addCheckpoint(bench.request(3, 4)).status == 429)
        #expect(try bench.shown(witness)?.size == 3)
    }
}

@Suite("Two clients with two trees of one size")
struct RaceTests {
    @Test("get one cosignature between them, and the state is the winner's")
    func race() async throws {
        let bench = try Bench(entries: 20)
        let fork = bench.log.fork(keeping: 10)
        for index in 0..<10 { fork.append([UInt8(index)]) }
        let witness = try bench.witness()
        #expect(witness.addCheckpoint(bench.request(0, 10)).status == 200)
        for size in 11...15 {
            // Whoever won the last round, both go on from a tree that is theirs, or are told so.
            let requests = [bench.request(10, size), bench.request(10, size, of: fork)]
            let fresh = try Bench(entries: 20)
            let contested = try fresh.witness()
            #expect(contested.addCheckpoint(bench.request(0, 10)).status == 200)
            let answers = await withTaskGroup(of: (Int, WitnessAnswer).self) { group in
                for (index, request) in (requests + requests).enumerated() {
                    group.addTask { (index % 2, contested.addCheckpoint(request)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = answers.filter { $0.1.status == 200 }
            #expect(winners.count == 1)
            #expect(answers.filter { $0.1.text == "\(size)\n" && $0.1.status == 409 }.count == 3)
            let shown = contested.latestCheckpoint(Witness.monitoringName(bench.log.origin)).body
            let log = try #require(winners.first).0 == 0 ? bench.log : fork
            #expect(try SignedNote(decoding: shown).text == log.checkpointText(size: size))
            #expect(try fresh.folder.read(fresh.logFile) == shown)
        }
    }
}
