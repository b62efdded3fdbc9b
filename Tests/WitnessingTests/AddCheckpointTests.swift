import DurableStorage
import Foundation
import Primitives
import Signatures
import TestSupport
import Testing
import TransparencyLog
import Witnessing

/// One of the exchanges with a witness of another make.
private struct Exchange: Decodable {
    let name: String
    let request: String
    let spec_status: String
}

@Suite("add-checkpoint")
struct AddCheckpointTests {
    @Test("answers every exchange of another witness as the specification says")
    func vectors() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/tlog")
        let exchanges = try JSONDecoder().decode(
            [Exchange].self, from: Data(contentsOf: file.appending(path: "witness_exchanges.json")))
        let policy = try WitnessPolicy(
            decoding: ByteString(Array(Data(contentsOf: file.appending(path: "policy.txt")))))
        #expect(exchanges.count == 16)
        let bench = try Bench(entries: 0)
        let witness = try bench.witness(logs: [policy.log])
        for exchange in exchanges {
            let answer = witness.addCheckpoint(Array(exchange.request.utf8))
            let wanted = exchange.spec_status.prefix(3)
            #expect("\(answer.status)" == wanted, "\(exchange.name)")
            #expect((answer.contentType == "text/x.tlog.size") == (wanted == "409"), "\(exchange.name)")
            if let size = exchange.spec_status.split(separator: "body ").dropFirst().first {
                #expect(answer.text == size + "\n", "\(exchange.name)")
            }
            if answer.status == 200 {
                let request = try AddCheckpointRequest(decoding: Array(exchange.request.utf8))
                let time = try answer.time(over: request.note.text, by: witness.noteKey)
                #expect(time == 1_800_000_000, "\(exchange.name)")
            }
        }
        #expect(
            bench.reports.words == [
                "cosigned 5", "contradiction 5 5 with evidence", "contradiction 5 8 without evidence", "cosigned 257",
                "cosigned 300",
            ])
    }

    @Test("refuses in this order: unknown, unsigned, malformed, another size, no proof")
    func order() throws {
        let bench = try Bench()
        let witness = try bench.witness()
        #expect(witness.addCheckpoint(bench.request(0, 5)).status == 200)
        let stranger = LogSimulator(origin: "stranger.example/log", witnesses: 0)
        stranger.append([1])
        // Each request has all the later faults as well.
        #expect(witness.addCheckpoint(Array("new".utf8) + bench.request(9, 1, of: stranger)).status == 404)
        let unsigned = Array(
            String(decoding: bench.request(9, 1), as: UTF8.self).replacing("— sceau-log/", with: "— other-log/").utf8)
        #expect(witness.addCheckpoint(Array("new".utf8) + unsigned).status == 403)
        #expect(witness.addCheckpoint(unsigned).status == 403)
        #expect(witness.addCheckpoint(Array("new".utf8) + bench.request(0, 8)).status == 400)
        #expect(witness.addCheckpoint(bench.request(9, 8)).status == 400)
        #expect(witness.addCheckpoint(bench.request(4, 8, proof: [])).text == "5\n")
        #expect(witness.addCheckpoint(bench.request(5, 8, proof: [])).status == 422)
        #expect(witness.addCheckpoint(bench.request(5, 8)).status == 200)
    }

    @Test("calls malformed what is malformed, and cosigns nothing of it")
    func malformed() throws {
        let bench = try Bench()
        let witness = try bench.witness()
        let good = String(decoding: bench.request(0, 5), as: UTF8.self)
        let bad = [
            "", "\n", "\n\n", "old 0\n\n", "old 0\n", good.replacing("old 0", with: "old 00"),
            good.replacing("old 0", with: "old +0"), good.replacing("old 0", with: "old -1"),
            good.replacing("old 0", with: "old 9007199254740993"), good.replacing("old 0", with: "OLD 0"),
            good.replacing("old 0\n", with: "old 0\nAA==\n"), good.replacing("old 0\n", with: "old 0\r\n"), good + "\n",
            String(good.dropLast()),
            "old 0\n" + String(repeating: Base64.encode([UInt8](repeating: 1, count: 32)) + "\n", count: 64)
                + good.dropFirst(6),
        ]
        for text in bad { #expect(witness.addCheckpoint(Array(text.utf8)).status == 400, "\(text.prefix(40))") }
        let lines = Array(String(repeating: "— x \(Base64.encode([1, 2, 3, 4, 5]))\n", count: 10_000).utf8)
        #expect(witness.addCheckpoint(bench.request(0, 5, lines: lines)).status == 400)
        #expect(witness.addCheckpoint([UInt8](repeating: 0x0A, count: 10_000_000)).status == 400)
        #expect(try bench.shown(witness) == nil)
        #expect(witness.latestCheckpoint(Witness.monitoringName(bench.log.origin)).status == 404)
    }

    @Test("refuses every checkpoint with one bit flipped")
    func flipped() throws {
        let bench = try Bench()
        let witness = try bench.witness()
        let good = bench.request(0, 5)
        for index in stride(from: 7, to: good.count, by: 2) {
            var bad = good
            bad[index] ^= 1
            #expect([400, 403, 404].contains(witness.addCheckpoint(bad).status), "byte \(index)")
        }
        #expect(try bench.shown(witness) == nil)
    }

    @Test("takes a tree of no entries, once and again, and no other root for it")
    func empty() throws {
        let bench = try Bench()
        let witness = try bench.witness()
        let wrong = SimulatedTreeText.empty(of: bench.log, root: [UInt8](repeating: 7, count: 32))
        #expect(witness.addCheckpoint(wrong.unsigned).status == 403)
        #expect(witness.addCheckpoint(wrong.signed).status == 422)
        #expect(witness.addCheckpoint(bench.request(0, 0)).status == 200)
        #expect(witness.addCheckpoint(bench.request(0, 0)).status == 200)
        #expect(try bench.shown(witness)?.size == 0)
        #expect(witness.addCheckpoint(bench.request(0, 0, proof: [MerkleHash.emptyTree])).status == 422)
        #expect(witness.addCheckpoint(bench.request(0, 3)).status == 200)
        #expect(witness.addCheckpoint(bench.request(0, 0)).text == "3\n")
        #expect(witness.addCheckpoint(wrong.signed).text == "3\n")
        #expect(witness.addCheckpoint(bench.request(3, 0)).status == 400)
    }

    @Test("knows several logs, and keeps and shows of each only its own lines and ours")
    func several() throws {
        let bench = try Bench()
        let other = LogSimulator(origin: "other.example/log", witnesses: 2)
        for index in 0..<4 { other.append([UInt8(index)]) }
        let witness = try bench.witness(logs: [bench.logKey, NoteKey(vkey: other.vkey)])
        let text = other.checkpointText(size: 4)
        let strangers = other.witnesses[0].key.cosignatureLine("a", over: text, at: TestClock.start)
        #expect(witness.addCheckpoint(bench.request(0, 4, of: other, lines: strangers)).status == 200)
        #expect(witness.addCheckpoint(bench.request(0, 7)).status == 200)
        let note = try SignedNote(decoding: witness.latestCheckpoint(Witness.monitoringName(other.origin)).body)
        #expect(note.text == text)
        #expect(note.signatures.map(\.name) == [other.origin, witness.noteKey.name])
        #expect(try bench.shown(witness)?.size == 7)
        #expect(witness.latestCheckpoint("").status == 404)
    }

    @Test("keeps the two notes of a fork, whatever comes after")
    func evidence() throws {
        let bench = try Bench()
        let witness = try bench.witness()
        let fork = bench.log.fork(keeping: 5)
        fork.append([1])
        #expect(witness.addCheckpoint(bench.request(0, 6)).status == 200)
        for _ in 0..<3 { #expect(witness.addCheckpoint(bench.request(6, 6, of: fork)).status == 422) }
        let bytes = try #require(try bench.folder.read(bench.logFile + ".fork"))
        #expect(try ForkEvidence(decoding: bytes).verify().size == 6)
        #expect(bench.reports.words == ["cosigned 6", "contradiction 6 6 with evidence"])
        #expect(try bench.shown(witness)?.size == 6)
    }
}

/// A checkpoint of no entries with a root that no such tree has.
private struct SimulatedTreeText {
    let signed: [UInt8]
    let unsigned: [UInt8]

    static func empty(of log: LogSimulator, root: [UInt8]) -> SimulatedTreeText {
        let text = log.origin.bytes + Array("\n0\n\(Base64.encode(root))\n".utf8)
        let start = Array("old 0\n\n".utf8) + text + [0x0A]
        return SimulatedTreeText(
            signed: start + log.key.noteLine(log.origin, over: text),
            unsigned: start + log.key.noteLine(log.origin, over: [1]))
    }
}
