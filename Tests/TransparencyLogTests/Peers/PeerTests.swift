import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

/// Logs of ours, as Go's `x/mod/sumdb` and as aics-tlog read them; and the simulator that other tests stand on.
@Suite("Other people's transparency logs")
struct PeerTests {
    let folder: TemporaryFolder
    let log = LogSimulator()
    let now = RepositorySimulator.now

    init() throws {
        folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
    }

    var path: FilePath { folder.path("log") }

    /// Appends entries and publishes at each of these sizes, with other cosignature times each.
    private func grow(through sizes: [Int], proofs: Bool = true) throws {
        for (step, size) in sizes.enumerated() {
            while log.size < size { log.append(Self.entry(log.size)) }
            log.publish(at: now + Double(3600 * step), proofs: proofs)
        }
        try log.write(to: folder.path)
    }

    /// The first thousand as our entries are, the others short: it is tiles that matter there.
    static func entry(_ index: Int) -> [UInt8] {
        let text = Array("{\"n\":\(index)}\n".utf8)
        return index < 1000 ? LogSimulator.entry("notice", "log", String(index + 1), text) : text
    }

    /// The last two make a third level of tiles.
    @Test(arguments: [
        [0], [1], [3, 255], [255, 256], [200, 256, 257], [1, 254, 255, 256, 257, 511, 512, 700], [65_536, 70_000],
    ])
    func `agree with a log, and make the same tiles and proofs, when it was published at`(_ sizes: [Int]) throws {
        let last = sizes.last ?? 0
        try grow(through: sizes, proofs: last < 1000)
        let head = try TreeHead(size: last, root: log.tree.root(of: last))
        let keys = log.witnesses.map(\.vkey)

        let go = try GoLog.check(path, key: log.vkey, witnesses: keys)
        #expect(go.size == last)
        #expect(go.root == head.root.hex)
        #expect(go.cosigned.count == 3)
        #expect(go.proofs.count == (last < 1000 ? last : 0))

        let python = try PythonLog.verify(path, key: log.vkey, witnesses: keys, quorum: 3)
        #expect(python.size == last)
        #expect(python.root == go.root)
        #expect(python.cosigned == go.cosigned)
        #expect(python.proofs == go.proofs.count)

        try checkGrowth(through: sizes, to: head)
        try checkProofs(go, head)
    }

    /// Our appending writes the same files, byte for byte, as the simulator did.
    private func checkGrowth(through sizes: [Int], to expected: TreeHead) throws {
        var (head, ours) = (TreeHead.empty, [String: [UInt8]]())
        for size in sizes {
            let growth = try LogGrowth.append(Array(log.entries[head.size..<size]), to: head) {
                try #require(ours["log/\($0)"])
            }
            for (path, bytes) in growth.files { ours["log/\(path)"] = bytes }
            head = growth.head
        }
        #expect(head == expected)
        ours["log/checkpoint"] = log.files["log/checkpoint"]
        for path in Set(ours.keys).union(log.files.keys) where !path.hasPrefix("log/proofs/") {
            #expect(ours[path] == log.files[path], "\(path)")
        }
    }

    /// Our proofs from the published tiles are those that Go made.
    private func checkProofs(_ go: GoLog.Reading, _ head: TreeHead) throws {
        #expect(go.inclusion.isEmpty == (head.size == 0))
        let tiles = try TileHashes(head: head) { id in try #require(log.files["log/\(id.path)"]) }
        for proof in go.inclusion {
            let ours = try ProofBuilder.inclusion(of: proof.first, in: proof.size, hash: tiles.hash)
            #expect(ours.hashes.map(\.hex) == proof.hashes, "\(proof.first) in \(proof.size)")
        }
        for proof in go.consistency {
            let ours = try ProofBuilder.consistency(from: proof.first, to: proof.size, hash: tiles.hash)
            #expect(ours.hashes.map(\.hex) == proof.hashes, "\(proof.first) to \(proof.size)")
        }
    }

    // MARK: they can object

    @Test(arguments: [
        "checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/000.p/3",
        "tile/entries/001.p/44",
    ])
    func `object to one changed bit in`(_ name: String) throws {
        log.bend["log/" + name] = { bytes in
            var bytes = bytes
            bytes[bytes.count / 2] ^= 1
            return bytes
        }
        try grow(through: [3, 300], proofs: false)
        let keys = log.witnesses.map(\.vkey)
        #expect(throws: PeerProgram.Objection.self) { try GoLog.check(path, key: log.vkey, witnesses: keys).size }
        // Its reader takes what the checkpoint implies; the partial bundle of a former size is not of that.
        if name != "tile/entries/000.p/3" {
            #expect(throws: PeerProgram.Objection.self) { try PythonLog.verify(path, key: log.vkey, witnesses: keys) }
        }
    }

    @Test(arguments: ["tile/0/001.p/44", "tile/entries/000", "tile/1/000.p/1"])
    func `object to the absence of`(_ name: String) throws {
        log.bend["log/" + name] = { _ in nil }
        try grow(through: [300], proofs: false)
        #expect(throws: PeerProgram.Objection.self) { try GoLog.check(path, key: log.vkey).size }
        #expect(throws: PeerProgram.Objection.self) { try PythonLog.verify(path, key: log.vkey) }
    }

    @Test func `object to a proof of another entry, to another origin, and to a cosignature with another time`() throws
    {
        try grow(through: [300])
        let paths = log.files.keys.filter { $0.hasPrefix("log/proofs/") }.sorted()
        log.bend[paths[0]] = { [other = log.files[paths[1]]] _ in other }
        try log.write(to: folder.path)
        #expect(throws: PeerProgram.Objection.self) { try GoLog.check(path, key: log.vkey).size }
        #expect(throws: PeerProgram.Objection.self) { try PythonLog.verify(path, key: log.vkey) }

        log.bend = [:]
        try log.write(to: folder.path)
        #expect(try GoLog.check(path, key: log.vkey).proofs.count == 300)
        let elsewhere = log.key.vkey("elsewhere.example/log", .log)
        #expect(throws: PeerProgram.Objection.self) { try GoLog.check(path, key: elsewhere).size }
        #expect(throws: PeerProgram.Objection.self) { try PythonLog.verify(path, key: elsewhere) }

        let text = log.checkpointText()
        let witness = log.witnesses[0]
        let forged = witness.key.cosignatureLine(witness.name, over: text + [0], at: now)
        log.publishCheckpoint(text + [10] + log.key.noteLine(log.origin, over: text) + forged)
        try log.write(to: folder.path)
        #expect(try GoLog.check(path, key: log.vkey).cosigned.isEmpty, "nobody knows this witness")
        #expect(throws: PeerProgram.Objection.self) {
            try GoLog.check(path, key: log.vkey, witnesses: [witness.vkey]).size
        }
        #expect(throws: PeerProgram.Objection.self) {
            try PythonLog.verify(path, key: log.vkey, witnesses: [witness.vkey])
        }
    }
}
