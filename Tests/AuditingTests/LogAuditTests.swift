import Auditing
import CanonicalJSON
import Foundation
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

@Suite("A repository with a log, audited")
struct LogAuditTests {
    @Test(arguments: [false, true]) func `is clean, every entry, tile and proof of it`(served: Bool) throws {
        let made = try LoggedFolder.threeStates()
        let server = try HostileServer(publishing: made.published.published())
        let report = served ? try made.published.auditServed(by: server) : try made.published.audit()
        #expect(report.findings == [])
        #expect(report.notes == [])
        let log = try #require(report.log)
        // 4 entries in the first state, 3 in the second, 4 in the third
        let counts = [log.head.size, log.entries, log.tiles, log.bundles, log.proofs]
        #expect(counts == [11, 11, 1, 1, 11])
        #expect(log.cosignedBy == ["w1", "w2", "w3"])
        #expect(log.freshAt == PublishedFolder.now - 3600 + 120)
        guard case .object(let json)? = report.json["log"] else {
            Issue.record("no log in the report")
            return
        }
        #expect(json["size"] == 11)
        #expect(json["fresh_at"] == "2029-12-31T23:02:00Z")
    }

    @Test func `is clean when it is an old copy: how fresh it is, is said and not judged`() throws {
        let made = try LoggedFolder()
        made.time = PublishedFolder.now - 20 * 86_400
        try made.published.publish()
        try made.publishLog()
        let report = try made.published.audit()
        #expect(report.findings == [])
        #expect(report.log?.freshAt == PublishedFolder.now - 20 * 86_400)
    }

    @Test func `is clean with full tiles`() throws {
        let made = try LoggedFolder()
        try made.published.publish()
        try made.publishLog()
        // Full with the first, one more with the second: a tile of level 1, then a second one of level 0.
        for (size, tiles) in [(256, 2), (257, 3)] {
            while made.log.size < size {
                made.log.append("notice", "log", "\(made.log.size - 3)", Array("{}\(made.log.size)".utf8))
            }
            try made.publishCheckpoint()
            let report = try made.published.audit(full: false)
            #expect(report.findings == [])
            #expect(report.log?.proofs == size)
            #expect(report.log?.tiles == tiles)
        }
    }

    @Test func `needs no tile but those of its present size`() throws {
        let made = try LoggedFolder.threeStates()
        for width in [4, 7] {
            try made.published.remove("log/tile/0/000.p/\(width)")
            try made.published.remove("log/tile/entries/000.p/\(width)")
        }
        #expect(try made.published.audit().findings == [])
    }

    @Test func `may begin its log late: what is older is counted in a note`() throws {
        let made = try LoggedFolder()
        let published = made.published
        try made.setPolicy(nil)
        try published.publishRoot()
        try published.publish()
        published.channel.header.version = 2
        try published.addRelease("1.0")
        try published.publish()
        try published.nextRoot { try made.setPolicy(made.log.policy(2)) }
        published.channel.header.version = 3
        try published.addRelease("1.1")
        try published.publish()
        try made.publishLog()
        let report = try published.audit()
        #expect(report.findings == [])
        #expect(report.notes.map(\.code) == [.logBegunLate])
        // Two snapshots and two versions of the channel.
        #expect(report.notes.first?.found == "4 files")
    }

    @Test func `without a policy says that there is no transparency, and is not refused for it`() throws {
        let report = try PublishedFolder.threeStates().audit()
        #expect(report.notes.map(\.code) == [.noTransparency])
        #expect(report.exitStatus == 0)
        #expect(report.json["log"] == .null)
        guard case .array(let notes)? = report.json["notes"], case .object(let note)? = notes.first else {
            Issue.record("no note")
            return
        }
        #expect(note["family"] == "note")
    }

    @Test(arguments: [(0.0, true), (6.9, true), (7.1, false)])
    func `says until when a weaker policy is not yet in force`(days: Double, isSaid: Bool) throws {
        let log = LogSimulator()
        let made = try LoggedFolder.threeStates(log: log) { made, state in
            if state == 1 { made.time = PublishedFolder.now - days * 86_400 - 120 }
            guard state == 3 else { return }
            try made.published.nextRoot { try made.setPolicy(log.policy(1)) }
        }
        let report = try made.published.audit()
        #expect(report.findings == [])
        #expect(report.notes.map(\.code) == (isSaid ? [.policyWeakened] : []))
        #expect(report.notes.first?.location == (isSaid ? "metadata/3.root.json" : nil))
    }

    @Test(arguments: [true, false])
    func `holds a root after one without a policy against the last one that was named`(isPublic: Bool) throws {
        let log = LogSimulator()
        let made = try LoggedFolder.threeStates(log: log) { made, state in
            guard state == 3 else { return }
            try made.published.nextRoot { try made.setPolicy(nil) }
            try made.published.nextRoot { try made.setPolicy(log.policy(1)) }
            for witness in log.witnesses.dropFirst() where !isPublic { witness.behaviour = .absent }
        }
        let report = try made.published.audit()
        let roots = try [2, 3, 4].map { try made.published.read("metadata/\($0).root.json") }
        let proofs = roots.map { LogSimulator.proofPath(ofContent: $0) }
        #expect(report.findings.map(\.location) == (isPublic ? [] : proofs))
        #expect(report.findings.allSatisfy { $0.code == .proofInvalid })
        let weakened = report.notes.filter { $0.code == .policyWeakened }.map(\.location)
        #expect(weakened == ["metadata/3.root.json", "metadata/4.root.json"])
    }

    @Test func `is refused by a proof alone when the quorum of the root before did not sign a new root`() throws {
        let log = LogSimulator()
        let made = try LoggedFolder.threeStates(log: log) { made, state in
            guard state == 3 else { return }
            try made.published.nextRoot { try made.setPolicy(log.policy(1)) }
            for witness in log.witnesses.dropFirst() { witness.behaviour = .absent }
        }
        let report = try made.published.audit()
        // Root 2 has the policy of root 1; root 3 is in force by its own word only.
        #expect(report.findings.map(\.code) == [.proofInvalid, .proofInvalid])
        let roots = try [2, 3].map { try made.published.read("metadata/\($0).root.json") }
        #expect(report.findings.map(\.location) == roots.map { LogSimulator.proofPath(ofContent: $0) })
    }
}

@Suite("A server with a hostile log, audited")
struct HostileLogTests {
    @Test(arguments: [
        ("log/checkpoint", ["audit/too-long log/checkpoint"]),
        ("log/tile/entries/000.p/11", ["audit/too-long log/tile/entries/000.p/11"]),
        ("log/tile/0/000.p/11", ["audit/too-long log/tile/0/000.p/11"]),
    ])
    func `endless files are given up, and are one finding`(path: String, expected: [String]) throws {
        let made = try LoggedFolder.threeStates()
        let server = try HostileServer(publishing: made.published.published(), except: ["/" + path: .endless])
        let report = try made.published.auditServed(by: server)
        #expect(report.findings.map { "\($0.codeText) \($0.location ?? "")" } == expected)
    }

    @Test func `a log of giant size is not read`() throws {
        let made = try LoggedFolder.threeStates()
        let root = Data(MerkleHash.emptyTree.bytes).base64EncodedString()
        let text = made.log.origin.bytes + Array("\n\(1 << 53)\n\(root)\n".utf8)
        let note = text + [0x0A] + made.log.key.noteLine(made.log.origin, over: text)
        let lines = made.log.witnesses.flatMap { $0.key.cosignatureLine($0.name, over: text, at: made.time) }
        let server = try HostileServer(
            publishing: made.published.published(), except: ["/log/checkpoint": .file(note + lines)])
        let report = try made.published.auditServed(by: server)
        #expect(report.findings.map(\.code) == [.limitReached])
        #expect(report.exitStatus == 1)
        #expect(server.requests.filter { $0.path.hasPrefix("/log/") }.count == 1)
    }
}
