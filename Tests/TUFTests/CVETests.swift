import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

/// What went wrong in other clients. CVE-2026-6968 (target paths) is in the tests of tuf-client.
@Suite("Regression")
struct CVETests {
    let repository = RepositorySimulator()

    private func fault(_ client: Client, target: ByteString) -> MetadataFaultCode? {
        do {
            _ = try client.refresh().target(at: target)
            return nil
        } catch {
            return (error as? MetadataFault)?.code
        }
    }

    @Test func `CVE-2025-2885 (tough): the next root is version N+1 exactly`() throws {
        let client = Client(repository)
        try client.refresh()
        repository.root.header.version = 5
        repository.bumpRoot()
        #expect(client.refreshFault() == .wrongVersion)
        #expect(client.stored["root.json"] == nil)
    }

    @Test func `CVE-2025-2886 (tough): a terminating delegation ends the search, deeper down too`() throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.delegate(to: "b", patterns: ["*"])
        repository.delegate(to: "c", from: "a", patterns: ["*"], terminating: true)
        repository.delegate(to: "d", from: "a", patterns: ["*"])
        for role in ["b", "d"] as [RoleName] { repository.addTarget("x", [1], to: role) }
        repository.publish()
        let updater = try Client(repository).refresh()
        repository.requests = []
        #expect(try updater.target(at: "x") == nil)
        #expect(repository.requests == ["1.a.json", "1.c.json"])
    }

    @Test func `CVE-2025-2887 (tough): the version of a delegated role does not fall`() throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.delegated["a"]?.header.version = 5
        repository.addTarget("x", [1], to: "a")
        repository.publish()
        let client = Client(repository)
        #expect(fault(client, target: "x") == nil)
        repository.delegated["a"]?.header.version = 4
        repository.publish()
        #expect(fault(client, target: "x") == .rollback)
        #expect(client.stored["a.json"] == 5)
        #expect(client.stored["snapshot.json"] == repository.snapshot.header.version - 1)
    }

    @Test func `CVE-2025-2888 (tough): a timestamp that names an older snapshot is not kept`() throws {
        let client = Client(repository)
        repository.publish()
        try client.refresh()
        let kept = client.store.files["timestamp.json"]
        repository.snapshot.header.version -= 1
        repository.publishTimestamp()
        #expect(client.refreshFault() == .rollback)
        #expect(client.store.files["timestamp.json"] == kept)
    }

    @Test func `CVE-2026-6966 (tough): one signature written twice does not make two`() throws {
        let (alice, bob) = (TestKey("alice"), TestKey("bob"))
        repository.delegate(to: "a", patterns: ["*"], keys: [alice, bob], threshold: 2)
        repository.signers["a"] = [alice]
        repository.statesFacts = false
        repository.publish()
        #expect(fault(Client(repository), target: "x") == .thresholdNotMet)
        repository.bend["1.a.json"] = { bytes in
            guard case .object(var file)? = try? JSONValue.decode(bytes),
                case .array(let signatures)? = file["signatures"]
            else { return nil }
            file["signatures"] = .array(signatures + signatures)
            return JSONValue.object(file).fileEncoding
        }
        #expect(fault(Client(repository), target: "x") == .duplicateKeyID)
    }

    struct Defect: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: MetadataFaultCode
        let bend: @Sendable (RepositorySimulator) -> Void
    }

    @Test(arguments: [
        Defect(testDescription: "expired", code: .expired) {
            $0.delegated["a"]?.header.expires = RepositorySimulator.now
            $0.publish()
        },
        Defect(testDescription: "another hash", code: .wrongHash) {
            $0.snapshot.meta["a.json"]?.facts.hashes = ["sha256": ByteString(Digest.sha256(of: []).hex)]
            $0.publishSnapshot()
        },
        Defect(testDescription: "longer than stated", code: .tooLong) {
            $0.bend["1.a.json"] = { $0 + [0x20] }
        },
        Defect(testDescription: "shorter than stated", code: .wrongLength) {
            $0.bend["1.a.json"] = { Array($0.dropLast()) }
        },
    ])
    func `CVE-2026-6967 (tough): expiry, hash and length hold for a delegated role`(defect: Defect) throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.addTarget("x", [1], to: "a")
        repository.publish()
        defect.bend(repository)
        let client = Client(repository)
        #expect(fault(client, target: "x") == defect.code)
        #expect(client.stored["a.json"] == nil)
    }

    @Test func `CVE-2024-47534 (go-tuf): delegations are searched in the order in which they are listed`() throws {
        let names = (0..<12).map { RoleName(ByteString("role\($0)")) }
        // An order that is none of a table's: neither of bytes nor of hashes.
        let order = names.sorted { Digest.sha256(of: $0.text.bytes).hex < Digest.sha256(of: $1.text.bytes).hex }
        for name in order { repository.delegate(to: name, patterns: ["*"]) }
        repository.publish()
        let updater = try Client(repository).refresh()
        repository.requests = []
        _ = try updater.target(at: "x")
        #expect(repository.requests == order.map { $0.fileName(version: 1) })
    }

    @Test(arguments: [0, -1])
    func `GHSA-fphv-w9fq-2525 (go-tuf): no role is trusted with a threshold below 1`(threshold: Int) throws {
        repository.delegate(to: "a", patterns: ["*"], threshold: threshold)
        repository.signers["a"] = []
        repository.addTarget("x", [1], to: "a")
        repository.publish()
        #expect(fault(Client(repository), target: "x") == .malformed)
    }

    @Test(arguments: [
        "../../x", "/x", "", "abc", String(repeating: "AB", count: 32), String(repeating: "a", count: 66),
    ])
    func `GHSA-jqc5-w2xx-5vq4 (go-tuf): text from metadata is no file name before it is checked`(digest: String) {
        let target = TargetFile(length: 1, hashes: ["sha256": ByteString(digest)], custom: nil)
        let fault = #expect(throws: MetadataFault.self) { try SignedTarget(path: "x", target) }
        #expect(fault?.code == .malformed)
    }

    @Test(arguments: ["../../x", "/x", "..", "a/../../x", "x\0y"] as [ByteString])
    func `CVE-2021-41131 (python-tuf): a role's name leads to no place outside its folder`(name: ByteString) throws {
        let folder = try TemporaryFolder()
        repository.delegate(to: RoleName(name), patterns: ["*"])
        repository.addTarget("x", [1], to: RoleName(name))
        repository.publish()
        let store = FileMetadataStore(folder: folder.path("state/metadata"), storage: DurableStorage())
        var updater = try MetadataUpdater(
            pinnedRoot: repository.roots[0], store: store, fetcher: repository, referenceTime: RepositorySimulator.now)
        try updater.refresh()
        #expect(try updater.target(at: "x") != nil)
        let files = try folder.contents().filter { $0.value.kind == .file }.keys
        #expect(files.count == 4 && files.allSatisfy { $0.hasPrefix("state/metadata/") && $0.hasSuffix(".json") })
    }

    @Test func `CVE-2020-6173 (python-tuf): thousands of signatures are not verified, only those of the role's keys`()
        throws
    {
        repository.targets.header.version += 1
        repository.statesFacts = false
        repository.publish()
        let foreign = (0..<20_000).map { number -> JSONValue in
            .object([
                "keyid": .string(ByteString("foreign\(number)")),
                "sig": .string(ByteString(String(repeating: "ab", count: 64))),
            ])
        }
        repository.bend["2.targets.json"] = { bytes in
            guard case .object(var file)? = try? JSONValue.decode(bytes),
                case .array(let signatures)? = file["signatures"]
            else { return nil }
            file["signatures"] = .array(foreign + signatures)
            return JSONValue.object(file).fileEncoding
        }
        let file = try #require(repository.files["2.targets.json"])
        let metadata = try UnverifiedMetadata<Targets>(decoding: file, role: .targets, limits: MetadataLimits())
        let report = repository.root.signers(of: .targets).report(on: metadata)
        #expect(metadata.signatures.count == 20_001)
        #expect((report.valid.count, report.invalid.count, report.missing.count) == (1, 0, 0))
        #expect(Client(repository).refreshFault() == nil)
    }
}
