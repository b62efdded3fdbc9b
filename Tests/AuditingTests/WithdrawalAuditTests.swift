import Auditing
import CanonicalJSON
import Primitives
import Releases
import TUF
import TestSupport
import Testing

@Suite("Withdrawn releases, audited")
struct WithdrawalAuditTests {
    @Test("a withdrawal that stands is no second content")
    func clean() throws {
        let published = try PublishedFolder.threeStates()
        try published.nextState { try $0.state("1.0", withdrawn: "it loses mail") }
        try published.nextState { try $0.addRelease("1.2") }
        let report = try published.audit()
        #expect(report.findings.isEmpty)
    }

    @Test("with one defect", arguments: defects)
    func defective(_ defect: Defect) throws { try defect.check() }

    private static let manifest = "targets/suite/stable/1.0/release.json"

    static let defects: [Defect] = [
        .after("a withdrawal that is taken back") { published in
            try published.nextState { try $0.state("1.0", withdrawn: "it loses mail") }
            try published.nextState { try $0.state("1.0", withdrawn: nil) }
        } finds: { _ in
            [(.twoContents, manifest)]
        },
        .after("a withdrawal for another reason than before") { published in
            try published.nextState { try $0.state("1.0", withdrawn: "it loses mail") }
            try published.nextState { try $0.state("1.0", withdrawn: "nothing, really") }
        } finds: { _ in
            [(.twoContents, manifest)]
        },
        .after("a withdrawal under which the severity changes too") { published in
            try published.nextState { try $0.state("1.0", severity: .none, withdrawn: "it loses mail") }
        } finds: { _ in
            [(.twoContents, manifest)]
        },
    ]
}

extension PublishedFolder {
    /// Publishes the channel's next version, after `bend`.
    fileprivate func nextState(_ bend: (PublishedFolder) throws -> Void) throws {
        channel.header.version += 1
        try bend(self)
        try publish()
    }

    /// Lists a release with these facts.
    fileprivate func state(_ version: String, severity: Severity = .important, withdrawn reason: ByteString?) throws {
        guard let path = try Self.paths?.manifest(Version(version)), let file = channel.targets[path] else { return }
        let withdrawal = try reason.map { try Withdrawal(reason: $0, time: Self.now) }
        let facts = ReleaseFacts(
            version: try Version(version), severity: severity, time: Self.now, withdrawal: withdrawal)
        guard case .object(let custom) = facts.encode() else { return }
        channel.targets[path] = TargetFile(length: file.length, hashes: file.facts.hashes, custom: custom)
    }
}
