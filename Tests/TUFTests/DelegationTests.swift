import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

@Suite("A delegation")
struct DelegationTests {
    let repository = RepositorySimulator()

    private func search(_ path: ByteString, _ client: Client? = nil) throws -> (TargetFile?, [String]) {
        let updater = try (client ?? Client(repository)).refresh()
        repository.requests = []
        let target = try updater.target(at: path)
        return (target, repository.requests)
    }

    @Test func `is searched depth first, in the order listed, no role twice`() throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.delegate(to: "b", patterns: ["*"])
        repository.delegate(to: "c", from: "a", patterns: ["*"])
        repository.delegate(to: "b", from: "a", patterns: ["*"])
        repository.delegate(to: "a", from: "c", patterns: ["*"])
        repository.publish()
        let (target, requests) = try search("x")
        #expect(target == nil)
        #expect(requests == ["1.a.json", "1.c.json", "1.b.json"])
    }

    @Test func `that terminates ends the search, found or not`() throws {
        repository.delegate(to: "a", patterns: ["*"], terminating: true)
        repository.delegate(to: "b", patterns: ["*"])
        repository.addTarget("x", [1], to: "b")
        repository.publish()
        let (target, requests) = try search("x")
        #expect(target == nil)
        #expect(requests == ["1.a.json"])
    }

    @Test func `that is nearer wins over one listed later`() throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.delegate(to: "b", patterns: ["*"])
        repository.addTarget("x", [1], to: "a")
        repository.addTarget("x", [2, 2], to: "b")
        repository.publish()
        #expect(try search("x").0?.length == 1)
    }

    @Test func `does not reach beyond its patterns`() throws {
        repository.delegate(to: "a", patterns: ["a/*"])
        repository.addTarget("b/x", [1], to: "a")
        repository.publish()
        let (target, requests) = try search("b/x")
        #expect(target == nil)
        #expect(requests == [])
    }

    @Test func `graph larger than the limit is refused`() throws {
        for index in 0..<33 { repository.delegate(to: RoleName(ByteString("r\(index)")), patterns: ["*"]) }
        repository.publish()
        let fault = #expect(throws: MetadataFault.self) { try search("x") }
        #expect(fault?.code == .tooManyDelegations)
    }

    @Test func `that was cached is verified again by the keys of this lookup's delegator`() throws {
        repository.delegate(to: "a", patterns: ["a/*"])
        repository.delegate(to: "b", patterns: ["b/*"])
        repository.delegate(to: "shared", from: "a", patterns: ["*/*"], keys: [TestKey("one")])
        repository.delegate(to: "shared", from: "b", patterns: ["*/*"], keys: [TestKey("two")])
        repository.addTarget("a/x", [1], to: "shared")
        repository.addTarget("b/x", [1], to: "shared")
        repository.publish()
        let client = Client(repository)
        let updater = try client.refresh()
        #expect(try updater.target(at: "a/x")?.length == 1)
        let fault = #expect(throws: MetadataFault.self) { try updater.target(at: "b/x") }
        #expect(fault?.code == .thresholdNotMet)
    }

    @Test(arguments: ["?", "#", "/x", "../x", "..", "a b", "é", "%2e"] as [ByteString])
    func `role with an odd name is fetched and stored under an escaped one`(name: ByteString) throws {
        let role = RoleName(name)
        repository.delegate(to: role, patterns: ["*"])
        repository.addTarget("x", [1], to: role)
        repository.publish()
        let client = Client(repository)
        let (target, requests) = try search("x", client)
        #expect(target?.length == 1)
        #expect(requests == ["1.\(PercentEncoding.encode(name)).json"])
        #expect(client.store.files.keys.allSatisfy { !$0.contains("/") && $0.hasSuffix(".json") })
    }

    struct Defect: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: MetadataFaultCode
        let bend: @Sendable (RepositorySimulator) -> Void
    }

    static let defects = [
        Defect(testDescription: "expired", code: .expired) {
            $0.delegated["a"]?.header.expires = RepositorySimulator.now
            $0.publish()
        },
        Defect(testDescription: "signed by another key", code: .thresholdNotMet) {
            $0.signers["a"] = [TestKey("mallory")]
            $0.publish()
        },
        Defect(testDescription: "another version than in the snapshot", code: .wrongVersion) {
            let old = $0.file(named: "1.a.json")
            $0.statesFacts = false
            $0.delegated["a"]?.header.version = 2
            $0.publish()
            $0.bend["2.a.json"] = { _ in old }
        },
        Defect(testDescription: "another content than in the snapshot", code: .wrongHash) {
            $0.delegated["a"]?.header.version = 2
            $0.publish()
            $0.bend["2.a.json"] = { bytes in bytes.map { $0 == UInt8(ascii: "x") ? UInt8(ascii: "y") : $0 } }
        },
        Defect(testDescription: "longer than in the snapshot", code: .tooLong) {
            $0.delegated["a"]?.header.version = 2
            $0.publish()
            $0.bend["2.a.json"] = { $0 + [0x20] }
        },
        Defect(testDescription: "not in the snapshot", code: .missing) {
            $0.delegate(to: "new", from: "targets", patterns: ["*"])
            $0.targets.header.version = 2
            $0.addTarget("y", [1], to: "new")
            $0.snapshot.meta["targets.json"] = MetaFile(version: 2, facts: FileFacts(length: nil, hashes: [:]))
            $0.publishSnapshot()
        },
    ]

    @Test(arguments: defects)
    func `with a defect ends the search and is not stored`(defect: Defect) throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.addTarget("x", [1], to: "a")
        repository.publish()
        defect.bend(repository)
        let client = Client(repository)
        let updater = try client.refresh()
        let fault = #expect(throws: MetadataFault.self) { try updater.target(at: "absent") }
        #expect(fault?.code == defect.code)
        #expect(client.store.files["a.json"] == nil || defect.code == .missing)
    }

    @Test func `whose version fell since the last refresh is refused`() throws {
        repository.delegate(to: "a", patterns: ["*"])
        repository.delegated["a"]?.header.version = 5
        repository.publish()
        let client = Client(repository)
        try client.refresh()
        repository.delegated["a"]?.header.version = 4
        repository.publish()
        #expect(client.refreshFault() == .rollback)
    }
}

@Suite("A path pattern")
struct PathPatternTests {
    @Test(arguments: [
        ("*", "a", true), ("*", "a/b", false), ("a/*", "a/b", true), ("a/*", "a/b/c", false), ("a/*", "b/c", false),
        ("*/*", "a/b", true), ("a?c", "abc", true), ("a?c", "a/c", false), ("?", "é", true),
        ("*.zst", "x.tar.zst", true),
        ("*.zst", "x.tar.zs", false), ("a*b*c", "a--b--c", true), ("a*b*c", "a--c--b", false), ("[ab]x", "bx", true),
        ("[!ab]x", "bx", false), ("[!ab]x", "cx", true), ("[a-c]", "b", true), ("[a-c]", "d", false), ("[", "[", true),
        ("[]]", "]", true), ("A", "a", false), ("", "", true), ("*", "", true), ("**", "abc", true), ("a", "a/", false),
    ])
    func `matches segment by segment`(pattern: String, path: String, expected: Bool) {
        #expect(PathPattern(ByteString(pattern)).matches(ByteString(path)) == expected)
    }

    @Test func `of many stars does not take exponential time`() {
        let pattern = PathPattern(ByteString(String(repeating: "*a", count: 40)))
        #expect(!pattern.matches(ByteString(String(repeating: "a", count: 2_000) + "b")))
    }
}
