import DurableStorage
import Foundation
import Primitives
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import tuf_client

@Suite("A download by tuf-client")
struct DownloadTests {
    let repository = RepositorySimulator()

    private func client() throws -> ClientUnderTest {
        repository.targets.header.version += 1
        repository.publish()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        return client
    }

    @Test func `brings the target, always under the same name, and does not fetch it again`() throws {
        repository.addTarget("path/to/a/file.txt", Array("first".utf8))
        let client = try client()
        #expect(try client.download("path/to/a/file.txt") == 0)
        #expect(try client.downloads() == ["path%2Fto%2Fa%2Ffile.txt": Array("first".utf8)])
        #expect(try client.download("path/to/a/file.txt") == 0)
        #expect(!client.requests.contains { $0.hasPrefix("targets/") })
        repository.addTarget("path/to/a/file.txt", Array("second".utf8))
        repository.targets.header.version += 1
        repository.publish()
        #expect(try client.download("path/to/a/file.txt") == 0)
        #expect(try client.downloads() == ["path%2Fto%2Fa%2Ffile.txt": Array("second".utf8)])
    }

    @Test(arguments: [
        ["sha256"], ["sha512"], ["sha256", "sha512"], ["sha256", "unknown-hash"], ["unknown-hash"],
    ])
    func `is checked by every hash of a known kind, and needs one`(names: [ByteString]) throws {
        let bytes = Array("content".utf8)
        let known: [ByteString: [UInt8]] = [
            "sha256": HashAlgorithm.sha256.digest(of: bytes), "sha512": HashAlgorithm.sha512.digest(of: bytes),
        ]
        repository.addTarget("file", bytes)
        repository.targets.targets["file"] = target(bytes.count, names.map { ($0, known[$0] ?? [1, 2, 3]) })
        let client = try client()
        let expected = names.compactMap { known[$0] }.first
        #expect(try client.download("file") == (expected == nil ? 1 : 0))
        #expect(try client.downloads() == (expected == nil ? [:] : ["file": bytes]))
        let asked = client.requests.filter { $0.hasPrefix("targets/") }
        #expect(asked == expected.map { ["targets/\(Hex.encode($0)).file"] } ?? [])
    }

    @Test func `is refused when one of two hashes is wrong`() throws {
        let bytes = Array("content".utf8)
        let sha256 = HashAlgorithm.sha256.digest(of: bytes)
        repository.addTarget("file", bytes)
        repository.targets.targets["file"] = target(
            bytes.count, [("sha256", sha256), ("sha512", [UInt8](repeating: 7, count: 64))])
        let client = try client()
        #expect(try client.download("file") == 1)
        #expect(try client.downloads() == [:])
    }

    private func target(_ length: Int, _ hashes: [(ByteString, [UInt8])]) -> TargetFile {
        var facts = FileFacts(length: length, hashes: [:])
        facts.hashes = StatedHashes(hashes.map { ($0.0, ByteString(Hex.encode($0.1))) })
        return TargetFile(length: length, hashes: facts.hashes, custom: nil)
    }

    @Test(arguments: ["malicious", "other", "content and more"])
    func `takes nothing in the place of what is listed, and leaves no trace of it`(given: String) throws {
        let (old, new) = (Array("content".utf8), Array("contest".utf8))
        repository.addTarget("one", old)
        repository.addTarget("two", new)
        let client = try client()
        #expect(try client.download("one") == 0)
        for bytes in [old, new] {
            let hash = ByteString(Digest.sha256(of: bytes).hex)
            for name in ["one", "two"] as [ByteString] {
                client.contents[ClientUnderTest.stored(name, hash)] = Array(given.utf8)
            }
        }
        #expect(try client.download("two") == 1)
        _ = try client.download("one")
        #expect(try client.downloads() == ["one": old])
    }

    @Test func `ends at the length that is listed, however much is sent`() throws {
        repository.addTarget("file", Array("content".utf8))
        let client = try client()
        let hash = Digest.sha256(of: Array("content".utf8))
        for behaviour in [ServerBehaviour.endless, .endlessHeaders, .breakOff(file: Array("content".utf8), after: 3)] {
            client.instead["targets/\(hash).file"] = behaviour
            #expect(try client.download("file") == 1)
            #expect(try client.downloads() == [:])
        }
        client.instead = [:]
        #expect(try client.download("file") == 0)
        #expect(try client.downloads() == ["file": Array("content".utf8)])
    }

    @Test(arguments: ["2.root.json", "timestamp.json", "3.snapshot.json", "2.targets.json"])
    func `ends at the limit of metadata that never ends`(name: String) throws {
        let client = try client()
        client.instead["metadata/" + name] = .endless
        #expect(try client.refresh() == 1)
        #expect(client.requests.last == "metadata/" + name)
        #expect(client.errors.contains("too-long"))
    }

    @Test func `verifies a role that is at hand again by the keys of this lookup's delegator`() throws {
        repository.delegate(to: "a", patterns: ["a/*"])
        repository.delegate(to: "b", patterns: ["b/*"])
        repository.delegate(to: "shared", from: "a", patterns: ["*/*"], keys: [TestKey("one")])
        repository.delegate(to: "shared", from: "b", patterns: ["*/*"], keys: [TestKey("two")])
        repository.addTarget("a/x", [1], to: "shared")
        repository.addTarget("b/x", [2], to: "shared")
        let client = try client()
        #expect(try client.download("a/x", "b/x") == 1)
        #expect(client.requests.filter { $0.hasSuffix("shared.json") } == ["metadata/1.shared.json"])
        #expect(try client.downloads() == ["a%2Fx": [1]])
        // In another run too.
        #expect(try client.download("b/x") == 1)
        #expect(try client.downloads() == ["a%2Fx": [1]])
    }

    @Test(arguments: ["/etc/x", "../x", "..", ".", "a/../../x", "a//x"])
    func `CVE-2026-6968: writes nowhere else, whatever a target is called`(name: String) throws {
        let path = ByteString(name)
        repository.addTarget(path, [1])
        let client = try client()
        let file = DestinationFolder.fileName(of: path)
        #expect(!file.contains("/") && !["", ".", ".."].contains(file))
        let status = try client.download(name)
        let inside = try client.folder.contents().keys.filter { !$0.hasPrefix("metadata") && !$0.hasPrefix("targets") }
        #expect(Set(inside) == ["errors", "root.json"])
        #expect(try client.downloads() == (status == 0 ? [file: [1]] : [:]))
    }

    @Test func `CVE-2026-6968: replaces a link that stands in its place, and does not write through it`() throws {
        repository.addTarget("file", [1])
        let client = try client()
        let victim = try client.folder.write("victim", to: "victim")
        try DurableStorage().makeDirectory(client.targetFolder)
        try DurableStorage().replaceLink(at: client.targetFolder.appending("file"), target: victim.string)
        #expect(try client.download("file") == 0)
        #expect(try client.folder.read("victim") == Array("victim".utf8))
        #expect(try DurableStorage().info(client.targetFolder.appending("file"))?.kind == .file)
    }

    @Test func `of a path too long for a file name stands under its digest`() {
        let path = ByteString(String(repeating: "a/", count: 200))
        #expect(DestinationFolder.fileName(of: path) == Digest.sha256(of: path.bytes).hex)
    }
}
