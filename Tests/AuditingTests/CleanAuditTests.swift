import Archiving
import Auditing
import Primitives
import SystemPackage
import TUF
import TestSupport
import Testing
import Transport

extension PublishedFolder {
    /// Audits the folder as it stands.
    func audit(full: Bool = true, givenRoot: [UInt8]? = nil, limits: AuditLimits = AuditLimits()) throws -> AuditReport
    {
        try audit(DirectorySource(published(), limits: limits), full: full, givenRoot: givenRoot, limits: limits)
    }

    func audit(
        _ source: any AuditSource, full: Bool = true, givenRoot: [UInt8]? = nil, limits: AuditLimits = AuditLimits()
    ) throws -> AuditReport {
        let auditor = Auditor(
            source, archives: TreeExtractor(limits: limits.tree), referenceTime: Self.now, full: full, limits: limits)
        return try auditor.run(givenRoot: givenRoot ?? read("metadata/1.root.json"))
    }

    func auditServed(
        by server: HostileServer, full: Bool = true, limits: AuditLimits = AuditLimits()
    ) throws -> AuditReport {
        let scratch = try TemporaryFolder()
        let source = try URLSource(server.url, client: HTTPClient(), scratch: scratch.path)
        let report = try audit(source, full: full, limits: limits)
        #expect(try scratch.contents().isEmpty)
        return report
    }
}

@Suite("A repository without a defect")
struct CleanAuditTests {
    private func expectClean(_ report: AuditReport) {
        #expect(report.findings == [])
        #expect(report.verdict == .clean)
        #expect(report.exitStatus == 0)
        #expect(!report.endedEarly)
    }

    @Test("is clean as a folder, every file of it read")
    func folder() throws {
        let report = try PublishedFolder.threeStates().audit()
        expectClean(report)
        #expect(report.notChecked == [])
        #expect(report.counts.roots == 2)
        #expect(report.counts.snapshots == 3)
        // 2 roots, 3 snapshots, 2 targets, 3 of the channel, the timestamp
        #expect(report.counts.metadataFiles == 11)
        #expect(report.counts.releases == 2)
        #expect(report.counts.targets == 6)
        #expect(report.counts.targetsHashed == 6)
    }

    @Test("is clean behind a server, which cannot be asked for orphans")
    func server() throws {
        let published = try PublishedFolder.threeStates()
        let server = try HostileServer(publishing: published.published())
        let report = try published.auditServed(by: server)
        expectClean(report)
        #expect(report.notChecked == ["files that no metadata names: a web server does not list them"])
        #expect(report.counts.targetsHashed == 6)
        // Every file once, and what comes after the newest root and snapshot.
        #expect(server.requests.count == 11 + 6 + 2)
        #expect(Set(server.requests.map(\.path)).count == server.requests.count)
    }

    @Test("without --full only release.json is read, and the report says so")
    func notFull() throws {
        let published = try PublishedFolder.threeStates()
        let report = try published.audit(full: false)
        expectClean(report)
        #expect(report.notChecked == ["content of targets other than release.json (--full reads them)"])
        #expect(report.counts.targetsHashed == 2)

        let server = try HostileServer(publishing: published.published())
        let served = try published.auditServed(by: server, full: false)
        expectClean(served)
        #expect(served.notChecked.count == 2)
        #expect(server.requests.filter { $0.path.hasPrefix("/targets/") }.count == 2)
    }

    @Test("is clean from any root of the chain on")
    func laterRoot() throws {
        let published = try PublishedFolder.threeStates()
        expectClean(try published.audit(givenRoot: published.read("metadata/2.root.json")))
    }

    @Test("may hold metadata that has expired, as long as it is not the newest")
    func expiredHistory() throws {
        let published = try PublishedFolder.threeStates { published, state in
            let expires = PublishedFolder.expires(state == 3 ? 30 : -30)
            published.root.header.expires = PublishedFolder.expires(30)
            published.targets.header.expires = expires
            published.channel.header.expires = expires
            published.snapshot.header.expires = expires
        }
        expectClean(try published.audit())
    }

    @Test("may have changed every key, as long as each state was signed by those of its time")
    func rotation() throws {
        let published = try PublishedFolder.threeStates()
        let newcomers = [TestKey("dora"), TestKey("emil")]
        try published.nextRoot {
            published.setKeys(of: .root, to: newcomers, threshold: 2)
            published.setKeys(of: .targets, to: newcomers, threshold: 2)
            published.signers = newcomers
        }
        published.targets.header.version += 1
        published.targets.delegations?.keys = [:]
        published.delegate(to: newcomers, threshold: 1)
        published.channel.header.version += 1
        try published.publish()
        expectClean(try published.audit())
    }
}
