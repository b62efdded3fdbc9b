import Auditing
import Foundation
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

@Suite("A repository that has moved to another log, audited")
struct FormerLogTests {
    private let first = LogSimulator()
    private let second = LogSimulator(origin: "sceau-log/suite/second")

    private var folder: String { "log/former/\(Digest.sha256(of: first.origin.bytes))" }

    /// What may be otherwise in how the first log ended.
    enum Bend: CaseIterable {
        case nothing, noSuccessor, noPredecessor, otherPredecessor
    }

    private func notice(_ notice: LogNotice, in log: LogSimulator) throws {
        log.append(try notice.entry(number: 1).encoded)
    }

    /// Two states in the first log, then a root that names the second one.
    private func moved(_ bend: Bend = .nothing) throws -> PublishedFolder {
        let made = try LoggedFolder.twoStates(log: first)
        let published = made.published
        try published.nextRoot { try made.setPolicy(second.policy(2)) }
        first.append(try made.entry("root", "root", 2))
        if bend != .noSuccessor { try notice(.successor(NoteKey(vkey: second.vkey)), in: first) }
        try made.publishCheckpoint()
        try published.publish()

        let head = try TreeHead(
            size: first.size - (bend == .otherPredecessor ? 1 : 0), root: first.tree.root(of: first.size))
        if bend != .noPredecessor { try notice(.predecessor(NoteKey(vkey: first.vkey), head), in: second) }
        for entry in try made.newestEntries() { second.append(entry) }
        second.publish(at: PublishedFolder.now - 600)
        let roots = try (1...2).map {
            LogSimulator.proofPath(ofContent: try published.read("metadata/\($0).root.json"))
        }
        for (name, bytes) in first.files where !name.hasPrefix("log/proofs/") {
            try published.remove(name)
            try published.replace(folder + name.dropFirst("log".count), with: bytes)
        }
        for (name, bytes) in second.files where !roots.contains(name) { try published.replace(name, with: bytes) }
        return published
    }

    @Test(arguments: Bend.allCases)
    func `is clean when each log is whole; how they follow one another is held against their notices`(_ bend: Bend)
        throws
    {
        let report = try moved(bend).audit()
        #expect(report.log?.origin == second.origin)
        #expect(report.findings.map(\.codeText) == (bend == .otherPredecessor ? ["audit/log-rule-broken"] : []))
        #expect(report.notes.map(\.codeText) == (bend == .noSuccessor ? ["audit/log-abandoned"] : []))
    }

    @Test(arguments: [
        ("tile/entries/000.p/9", "audit/log-malformed"), ("tile/0/000.p/9", "audit/tile-differs"),
        ("checkpoint", "audit/checkpoint-invalid"),
    ])
    func `is refused when a file of the former log was changed or is gone`(_ name: String, _ code: String) throws {
        let published = try moved()
        let path = "\(folder)/\(name)"
        var bytes = try published.read(path)
        bytes[bytes.count / 2] ^= 1
        try published.replace(path, with: bytes)
        #expect(try published.audit().findings.map(\.codeText).contains(code))
        try published.remove(path)
        let gone = try published.audit().findings
        #expect(gone.map(\.location).contains(path))
    }

    @Test func `is refused when the former log holds another content than the one that followed`() throws {
        let published = try moved()
        let other = LogSimulator()
        for entry in first.entries.dropLast() { other.append(entry) }
        other.append("snapshot", "snapshot", "3", Array("{}".utf8))
        other.publish(at: PublishedFolder.now - 900)
        for (name, bytes) in other.files where !name.hasPrefix("log/proofs/") {
            try published.replace(folder + name.dropFirst("log".count), with: bytes)
        }
        #expect(try published.audit().findings.map(\.codeText).contains("audit/two-contents"))
    }
}
