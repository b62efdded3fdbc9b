import DurableStorage
import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing
import TransparencyLog
import Witnessing

@Suite("A witness that is stopped at any moment")
struct DurabilityTests {
    @Test(
        "has never answered before the state was on the disk, and decides the same afterwards",
        arguments: FaultyStorage.Loss.allCases)
    func crash(loss: FaultyStorage.Loss) throws {
        var answer: WitnessAnswer?
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            let bench = try Bench(folder, entries: 12)
            if try DurableStorage().info(bench.state) == nil {
                #expect(try bench.witness().addCheckpoint(bench.request(0, 5)).status == 200)
            }
            // Opening announces effects as well: a witness that cannot open has answered nothing.
            answer = nil
            let witness = try bench.witness(storage)
            let given = witness.addCheckpoint(bench.request(5, 8))
            #expect(given.status == 200 || given.status == 500)
            answer = given.status == 200 ? given : nil
            if given.status == 500 { throw FaultyStorage.crash }
        } afterwards: { folder, stop, finished in
            let bench = try Bench(folder, entries: 12)
            let witness = try bench.witness()
            let size = try bench.shown(witness)?.size
            #expect(size == 5 || size == 8, "stop \(stop)")
            #expect(answer == nil || size == 8, "stop \(stop)")
            #expect(finished == (answer != nil))
            // The other past of the log is refused whatever happened, when the first was cosigned.
            let fork = bench.log.fork(keeping: 5)
            for index in 0..<3 { fork.append([UInt8(index)]) }
            if size == 8 {
                #expect(witness.addCheckpoint(bench.request(5, 8, of: fork)).text == "8\n")
                #expect(witness.addCheckpoint(bench.request(8, 8, of: fork)).status == 422)
            } else {
                #expect(witness.addCheckpoint(bench.request(5, 8)).status == 200)
            }
            #expect(witness.addCheckpoint(bench.request(8, 9)).status == 200)
        }
        #expect(stops >= 4)
    }

    @Test("at its first start begins again and watches its logs", arguments: [FaultyStorage.Loss.everythingUnflushed])
    func firstStart(loss: FaultyStorage.Loss) throws {
        try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) { storage, folder in
            _ = try Bench(folder, entries: 3).witness(storage)
        } afterwards: { folder, stop, _ in
            let bench = try Bench(folder, entries: 3)
            #expect(try bench.witness().addCheckpoint(bench.request(0, 3)).status == 200, "stop \(stop)")
        }
    }

    /// Write, flush, rename, flush of the folder.
    private static let effectsOfAWrite = 4

    @Test("by a full disk gives no cosignature, goes on when there is room, and never forgets one it gave")
    func fullDisk() throws {
        for failing in 1...6 {
            let bench = try Bench(entries: 12)
            #expect(try bench.witness().addCheckpoint(bench.request(0, 5)).status == 200)
            // Opening has no more than one effect; the next ones are of the write.
            let faulty = try FaultyStorage(.fail(at: 1 + failing, .full), in: TemporaryFolder.inMemory)
            do {
                let witness = try bench.witness(faulty.storage)
                let first = witness.addCheckpoint(bench.request(5, 8))
                #expect(first.status == (failing <= Self.effectsOfAWrite ? 500 : 200))
                let second = witness.addCheckpoint(bench.request(5, 8))
                // The write may have reached the disk though its end was not confirmed.
                #expect((first.status == 500 && second.status == 200) || second.text == "8\n")
                #expect(witness.addCheckpoint(bench.request(8, 8)).status == 200)
            }
            #expect(try bench.shown(bench.witness())?.size == 8)
        }
    }

    @Test("by a disk that stays full answers 500 to everything, and says why")
    func fullForGood() throws {
        let bench = try Bench(entries: 12)
        #expect(try bench.witness().addCheckpoint(bench.request(0, 5)).status == 200)
        let faulty = try FaultyStorage(.failFrom(2, .full), in: TemporaryFolder.inMemory)
        do {
            let witness = try bench.witness(faulty.storage)
            for _ in 0..<2 { #expect(witness.addCheckpoint(bench.request(5, 8)).status == 500) }
        }
        #expect(bench.reports.words.suffix(2) == ["not stored storage/full", "not stored storage/full"])
        #expect(try bench.shown(bench.witness())?.size == 5)
    }
}

@Suite("A witness whose state is gone")
struct LossTests {
    private func used(_ sizes: [(Int, Int)] = [(0, 5)]) throws -> Bench {
        let bench = try Bench(entries: 12)
        let witness = try bench.witness()
        for (old, new) in sizes { #expect(witness.addCheckpoint(bench.request(old, new)).status == 200) }
        return bench
    }

    private func expectRefusal(_ bench: Bench, _ code: String, exit: Int32 = 3) throws {
        let before = try bench.folder.contents()
        let fault = try #require(fault { _ = try bench.witness() })
        #expect(fault.codeText == code)
        #expect(fault.family.exitStatus == exit)
        #expect(fault.hint != nil)
        #expect(try bench.folder.contents() == before)
    }

    @Test("does not begin anew: the whole folder")
    func folder() throws {
        let bench = try used()
        try DurableStorage().removeTree(bench.state)
        try expectRefusal(bench, "witness/state-lost")
        // Nor in an empty one, nor in one that a new start of it made.
        try DurableStorage().makeDirectory(bench.state)
        try expectRefusal(bench, "witness/state-lost")
    }

    @Test("does not begin anew: the file of one log")
    func logFile() throws {
        let bench = try used()
        try DurableStorage().remove(bench.folder.path(bench.logFile))
        try expectRefusal(bench, "witness/log-lost")
    }

    @Test("does not begin anew: the manifest")
    func manifest() throws {
        let bench = try used()
        try DurableStorage().remove(bench.folder.path("state/witness"))
        try expectRefusal(bench, "witness/state-lost")
        // Without the marker too this is not a folder to begin in.
        try DurableStorage().remove(bench.marker)
        try expectRefusal(bench, "witness/foreign-folder", exit: 64)
    }

    @Test("refuses a state file with one byte changed, and one that is cut")
    func damaged() throws {
        let bench = try used()
        let good = try #require(try bench.folder.read(bench.logFile))
        for index in stride(from: 0, to: good.count, by: 23) {
            var bad = good
            bad[index] ^= 1
            try bench.folder.write(bad, to: bench.logFile)
            try expectRefusal(bench, "witness/malformed-state")
        }
        for count in [0, 1, good.count / 2, good.count - 1] {
            try bench.folder.write(Array(good.prefix(count)), to: bench.logFile)
            try expectRefusal(bench, "witness/malformed-state")
        }
        try bench.folder.write(good, to: bench.logFile)
        #expect(try bench.shown(bench.witness())?.size == 5)
    }

    @Test("refuses a state file that only the log has signed, or another witness")
    func forged() throws {
        let bench = try used()
        let text = bench.log.checkpointText(size: 3)
        let line = bench.log.key.noteLine(bench.log.origin, over: text)
        let stranger = TestKey("stranger").cosignatureLine("witness.example/w", over: text, at: TestClock.start)
        for lines in [line, line + stranger] {
            try bench.folder.write(text + [0x0A] + lines, to: bench.logFile)
            try expectRefusal(bench, "witness/malformed-state")
        }
    }

    @Test("refuses the manifest and the marker when they are damaged")
    func damagedNames() throws {
        let bench = try used()
        for name in ["state/witness", "w.key.witness"] {
            let good = try #require(try bench.folder.read(name))
            for bad in [[], Array(good.dropLast()), good + [0x0A], Array(good.dropFirst())] {
                try bench.folder.write(bad, to: name)
                try expectRefusal(bench, "witness/malformed-state")
            }
            try bench.folder.write(good, to: name)
        }
        #expect(try bench.shown(bench.witness())?.size == 5)
    }

    @Test("refuses another state, another key, and another name")
    func mixedUp() throws {
        let (bench, other) = (try used(), try used())
        let marker = try #require(try bench.folder.read("w.key.witness"))
        try bench.folder.write(try #require(try other.folder.read("w.key.witness")), to: "w.key.witness")
        try expectRefusal(bench, "witness/other-state")
        try bench.folder.write(marker, to: "w.key.witness")
        let renamed = try Bench(bench.folder, entries: 12, as: "witness.example/v")
        try expectRefusal(renamed, "witness/other-name", exit: 64)
        let rekeyed = try Bench(bench.folder, entries: 12, key: "another")
        try expectRefusal(rekeyed, "witness/other-key")
    }

    @Test("is not what a second process at work, another folder or a new log is")
    func others() throws {
        let bench = try used()
        let witness = try bench.witness()
        #expect(fault { _ = try bench.witness() }?.codeText == "storage/locked")
        #expect(try bench.shown(witness)?.size == 5)
        let foreign = try Bench(entries: 3)
        try foreign.folder.write("mine", to: "state/diary.txt")
        try expectRefusal(foreign, "witness/foreign-folder", exit: 64)
    }

    @Test("is noticed for a log that was left out for a while")
    func leftOut() throws {
        let bench = try used()
        let other = try NoteKey(vkey: LogSimulator(origin: "other.example/log", witnesses: 0).vkey)
        #expect(try bench.witness(logs: [other]).addCheckpoint(bench.request(5, 6)).status == 404)
        #expect(try bench.shown(bench.witness(logs: [other, bench.logKey]))?.size == 5)
        try DurableStorage().remove(bench.folder.path(bench.logFile))
        #expect(fault { _ = try bench.witness(logs: [other, bench.logKey]) }?.codeText == "witness/log-lost")
    }

    @Test("goes on where only the marker is missing: the state is there")
    func markerMissing() throws {
        let bench = try used()
        try DurableStorage().remove(bench.marker)
        #expect(try bench.shown(bench.witness())?.size == 5)
        #expect(try bench.folder.read("w.key.witness") != nil)
    }

    @Test("needs logs, each once, and keys of logs")
    func arguments() throws {
        let bench = try Bench(entries: 3)
        let log = try bench.logKey
        let otherKey = try NoteKey(name: log.name, kind: .log, publicKey: TestKey("x").publicKey.material)
        for (logs, code) in [
            ([], "witness/no-logs"), ([log, log], "witness/twice"), ([log, otherKey], "witness/twice"),
            ([bench.key.noteKey], "witness/not-a-log"),
        ] {
            #expect(fault { _ = try bench.witness(logs: logs) }?.codeText == code)
        }
        #expect(try bench.folder.contents().isEmpty)
    }
}
