import Archiving
import Auditing
import CanonicalJSON
import DurableStorage
import Primitives
import SystemPackage
import TUF
import TestSupport
import Testing
import Transport

@Suite("An audit that cannot begin or end")
struct UnfinishedAuditTests {
    @Test("A root that is not the published one is one finding, and the audit goes on")
    func wrongRoot() throws {
        let published = try PublishedFolder.threeStates()
        let other = try PublishedFolder()
        other.setKeys(of: .root, to: [TestKey("mallory")], threshold: 1)
        try other.write(other.root, .root, signers: [TestKey("mallory")])
        let report = try published.audit(givenRoot: other.read("metadata/1.root.json"))
        #expect(report.findings.map(\.code) == [.wrongRoot])
        #expect(report.findings.map(\.location) == ["metadata/1.root.json"])
        #expect(report.exitStatus == 3)
        #expect(report.counts.targetsHashed == 6)
    }

    @Test("What is given as root must be one, signed by its own keyholders")
    func notARoot() throws {
        let published = try PublishedFolder.threeStates()
        let error = #expect(throws: MetadataFault.self) {
            try published.audit(givenRoot: published.read("metadata/1.snapshot.json"))
        }
        #expect(error?.code == .wrongType)
        #expect(error?.family.exitStatus == 3)
    }

    @Test("A server that is not there is no finding: the audit fails, and a retry may help")
    func unreachable() throws {
        let published = try PublishedFolder.threeStates()
        let server = try HostileServer(publishing: published.published())
        server.stop()
        let error = #expect(throws: TransportFault.self) { try published.auditServed(by: server) }
        #expect(error?.code == .connectFailed)
        #expect(error?.family.exitStatus == 1)
    }

    @Test("A server that has nothing, and a folder that is none, are no repositories")
    func nothing() throws {
        let published = try PublishedFolder.threeStates()
        let server = try HostileServer([:])
        #expect(throws: AuditFault.self) { try published.auditServed(by: server) }
        let error = #expect(throws: AuditFault.self) { try DirectorySource(published.published("metadata")) }
        #expect(error?.code == .notAFolder)
        #expect(error?.family.exitStatus == 1)
    }

    @Test("A server that fails in the middle leaves the audit incomplete, and is not asked for ever")
    func failsInTheMiddle() throws {
        let published = try PublishedFolder.threeStates()
        let folder = published.published()
        let server = try HostileServer { request, _ in
            guard !request.path.hasPrefix("/targets/"),
                let bytes = try? DurableStorage().read(
                    folder.appending(FilePath(request.path).components), limit: 1 << 20)
            else { return .status(request.path.hasPrefix("/targets/") ? 500 : 404) }
            return .file(bytes)
        }
        let report = try published.auditServed(by: server)
        #expect(report.findings.map(\.code) == [.unreachable, .unreachable, .unreachable])
        #expect(Set(report.findings.map(\.family)) == [.transport])
        #expect(report.endedEarly)
        #expect(report.verdict == .incomplete)
        #expect(report.exitStatus == 1)
        #expect(server.requests.filter { $0.path.hasPrefix("/targets/") }.count == 3)
    }

    @Test("A server that serves other bytes than the folder is refused, as the folder would be")
    func lyingServer() throws {
        let published = try PublishedFolder.threeStates()
        let archive = published.stored("1.0", "suite-1.0.tar.zst")
        let listing = published.stored("1.1", "tree.mtree")
        var bytes = try published.read(archive)
        bytes[100] ^= 1
        let server = try HostileServer(
            publishing: published.published(),
            except: [
                "/" + archive: .file(bytes), "/" + listing: .endless, "/metadata/2.snapshot.json": .status(404),
            ])
        let report = try published.auditServed(by: server)
        let found = report.findings.map { "\($0.codeText) \($0.location ?? "")" }.sorted()
        #expect(
            found == [
                "audit/too-long \(listing)", "audit/version-gap metadata/2.snapshot.json",
                "audit/wrong-hash \(archive)",
            ])
        #expect(report.exitStatus == 3)
    }

    @Test("A file that a server has in a shorter form is refused; a transfer that breaks off once is not")
    func shorterFile() throws {
        let published = try PublishedFolder.threeStates()
        let short = published.stored("1.0", "suite-1.0.tar.zst")
        let broken = published.stored("1.1", "suite-1.1.tar.zst")
        let bytes = try published.read(broken)
        let server = try HostileServer(
            publishing: published.published(),
            except: [
                "/" + short: .file(Array(try published.read(short).dropLast())),
                "/" + broken: .sequence([.breakOff(file: bytes, after: 100), .file(bytes)]),
            ])
        let report = try published.auditServed(by: server)
        #expect(report.findings.map(\.code) == [.wrongLength])
        #expect(report.findings.map(\.location) == [short])
        #expect(report.exitStatus == 3)
    }

    @Test("Findings stop at their limit, and the report says that there may be more")
    func manyFindings() throws {
        let published = try PublishedFolder.threeStates()
        for number in 0..<8 { try published.replace("targets/secret-\(number)", with: [1]) }
        var limits = AuditLimits()
        limits.findings = 5
        let report = try published.audit(limits: limits)
        #expect(report.findings.count == 5)
        #expect(report.endedEarly)
        #expect(report.exitStatus == 3)
    }

    @Test(
        "More than an audit looks at is said, not passed over",
        arguments: ["roots", "snapshots", "targets", "roles"])
    func limits(what: String) throws {
        var limits = AuditLimits()
        switch what {
        case "roots": limits.roots = 1
        case "snapshots": limits.snapshots = 2
        case "targets": limits.targets = 2
        default: limits.rolesInSnapshot = 1
        }
        let published = try PublishedFolder.threeStates()
        let report = try published.audit(limits: limits)
        #expect(report.findings.contains { $0.code == .limitReached })
        #expect(report.exitStatus != 0)
    }

    @Test("The report for programs says all that the one for people says")
    func json() throws {
        let published = try PublishedFolder.threeStates()
        try published.remove("metadata/2.snapshot.json")
        let json = try published.audit(full: false).json
        #expect(json["verdict"] == "refused")
        #expect(json["full"] == false)
        #expect(json["ended_early"] == false)
        #expect(
            json["findings"] == [
                [
                    "code": "audit/version-gap", "family": "refusal", "location": "metadata/2.snapshot.json",
                    "message":
                        "a version of metadata is missing from its sequence (metadata/2.snapshot.json)",
                ]
            ])
        guard case .object(let counts)? = json["counts"] else {
            Issue.record("no counts")
            return
        }
        #expect(counts["snapshots"] == 2)
        #expect(counts["roots"] == 2)
    }

    @Test("Every code is of this module and is used once")
    func codes() {
        let codes = AuditFindingCode.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.hasPrefix("audit/") })
    }
}
