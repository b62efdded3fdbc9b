import Auditing
import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing

@Suite("What releases hold for everyone without these tools")
struct ReleaseKeyTests {
    private static let releaseKey = TestKey("releases")

    @Test func `is good under the release key of any root that was ever published`() throws {
        let published = try PublishedFolder.threeStates { published, state in
            let key = state < 3 ? Self.releaseKey : TestKey("releases 2027")
            if state != 2 { try published.nextRoot { published.root.setReleaseKey(key.publicKey) } }
            if state > 1 { try published.addSignedRelease("\(state).0", by: key) }
        }
        let report = try published.audit()
        #expect(report.findings.map(\.description) == [])
        #expect(report.verdict == .clean)
    }

    @Test(arguments: defects) func `with one defect`(_ defect: Defect) throws { try defect.check() }

    static let defects: [Defect] = [
        minisig("by a key that no root names") { try $0.addSignedRelease("2.0", by: TestKey("mallory")) },
        minisig("by another key under the number of ours") {
            try $0.addSignedRelease("2.0", by: TestKey("mallory"), number: releaseKey)
        },
        minisig("over another archive") { try $0.addSignedRelease("2.0", by: releaseKey, over: [1]) },
        minisig("that says something else") { try $0.addSignedRelease("2.0", by: releaseKey, comment: "version:9.9") },
        minisig("that nobody can read") { try $0.addSignedRelease("2.0", by: releaseKey) { Array($0.dropLast()) } },
        .during("SHA256SUMS with another digest") { published, state in
            guard state == 3 else { return }
            try published.addRelease("2.0") { $0.hasSums = true }
            try published.addTarget("suite/stable/2.0/SHA256SUMS", [1])
        } finds: { published in
            [(.sumsDiffer, published.stored("2.0", "SHA256SUMS"))]
        },
        .during("a root whose release key is none") { published, state in
            guard state == 3 else { return }
            try published.nextRoot { published.root.extra[Root.releaseKeyField] = "a word" }
        } finds: { _ in
            [(.malformed, "metadata/3.root.json")]
        },
    ]

    private static func minisig(
        _ name: String, _ add: @escaping @Sendable (PublishedFolder) throws -> Void
    ) -> Defect {
        .during("a .minisig \(name)") { published, state in
            if state == 1 { try published.nextRoot { published.root.setReleaseKey(releaseKey.publicKey) } }
            if state == 3 { try add(published) }
        } finds: { published in
            [(.minisigInvalid, published.stored("2.0", "suite-2.0.tar.zst.minisig"))]
        }
    }
}

extension PublishedFolder {
    /// A release with `.minisig` and `SHA256SUMS`; the other parameters say what is wrong with the first.
    fileprivate func addSignedRelease(
        _ version: String, by signer: TestKey, number: TestKey? = nil, over archive: [UInt8]? = nil,
        comment: ByteString? = nil, bend: ([UInt8]) -> [UInt8] = { $0 }
    ) throws {
        var right: ByteString = ""
        var name: ReleaseFileName?
        try addRelease(version) { manifest in
            manifest.hasMinisig = true
            manifest.hasSums = true
            right = manifest.minisigComment
            name = manifest.minisigFile
        }
        let digest = BLAKE2bHasher.digest(of: try archive ?? read(stored(version, "suite-\(version).tar.zst")))
        let signature = MinisignSignature(
            digest: digest, key: try #require(MinisignKey((number ?? signer).publicKey)), untrustedComment: "",
            trustedComment: comment ?? right, sign: signer.sign)
        let paths = try #require(Self.paths)
        let parsed = try Version(ByteString(version))
        try addTarget(paths.target(parsed, #require(name)), bend(signature.encoded))
        let files = channel.targets.compactMap { path, file -> (name: ReleaseFileName, digest: Digest)? in
            guard let split = paths.split(path), split.version == parsed, let digest = file.facts.sha256 else {
                return nil
            }
            return (split.file, digest)
        }
        try addTarget(paths.target(parsed, .sums), ReleaseSums.encode(files))
    }
}
