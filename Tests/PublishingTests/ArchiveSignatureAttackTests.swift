import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `A release whose .minisig or SHA256SUMS does not fit is not published, whoever signed the metadata` {
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// In the message.
        let says: String
        var code = PublishingFaultCode.wouldBeRefused
        let prepare: @Sendable (StagedRelease) throws -> Void

        init(
            _ name: String, says: String, code: PublishingFaultCode = .wouldBeRefused,
            _ prepare: @escaping @Sendable (StagedRelease) throws -> Void
        ) {
            testDescription = name
            self.says = says
            self.code = code
            self.prepare = prepare
        }
    }

    /// Signed as it should be, but for the trusted comment.
    private static func comment(_ what: String, _ from: String, _ to: String) -> Attack {
        Attack("the trusted comment says another \(what)", says: to) { release in
            let right = "\(try release.manifest().minisigComment)"
            #expect(right.contains(from))
            try release.replaceMinisig(comment: right.replacingOccurrences(of: from, with: to))
        }
    }

    static let attacks: [Attack] = [
        comment("product", "product:suite", "product:other"), comment("version", "version:2.0", "version:2.1"),
        comment("channel", "channel:stable", "channel:beta"), comment("time", "time:2026", "time:2027"),
        comment("file", "file:suite-2.0.tar.zst", "file:suite-1.0.tar.zst"),
        Attack("nothing in the trusted comment", says: "found \"\"") { try $0.replaceMinisig(comment: "") },
        Attack("signed by another key", says: "minisign/other-key") { release in
            try release.replaceMinisig(by: Association.key("mallory"))
        },
        Attack("signed by another key under the number of ours", says: "minisign/invalid") { release in
            let number = try release.association.key("releases")
            try release.replaceMinisig(by: Association.key("mallory"), number: number)
        },
        Attack("a signature over another archive", says: "minisign/invalid") { release in
            try release.replaceMinisig(over: Array("another".utf8))
        },
        Attack("the signature of the release before", says: "minisign/invalid") { release in
            let former = try release.association.published().first { $0.key.hasSuffix(".minisig") }
            try release.replace("suite-2.0.tar.zst.minisig", with: #require(former?.value))
        },
        Attack("a signature cut short", says: "minisign/malformed") { release in
            try release.replace("suite-2.0.tar.zst.minisig") { Array($0.dropLast(3)) }
        },
        Attack("an empty signature", says: "minisign/malformed") { release in
            try release.replace("suite-2.0.tar.zst.minisig", with: [])
        },
        Attack("no signature, and release.json says so", says: "no .minisig") { release in
            try release.edit { $0.hasMinisig = false }
            try release.replace("suite-2.0.tar.zst.minisig", with: nil)
        },
        Attack("no signature, though release.json says so", says: "in both") { release in
            try release.replace("suite-2.0.tar.zst.minisig", with: nil)
        },
        Attack("no SHA256SUMS", says: "no SHA256SUMS") { release in
            try release.edit { $0.hasSums = false }
            try release.replace("SHA256SUMS", with: nil)
        },
        Attack("another digest in SHA256SUMS", says: "other digests") { release in
            try release.replace("SHA256SUMS") { [$0[0] ^ 1] + $0.dropFirst() }
        },
        Attack("a line too few in SHA256SUMS", says: "other digests") { release in
            try release.replace("SHA256SUMS") { Array($0.prefix(while: { $0 != UInt8(ascii: "\n") })) }
        },
        Attack("a line too many in SHA256SUMS", says: "other digests") { release in
            try release.replace("SHA256SUMS") { $0 + Array("\(Digest.sha256(of: []))  another\n".utf8) }
        },
        Attack("another key in Keys/minisign.pub", says: "minisign.pub", code: .wrongReleaseKey) { release in
            let other = try #require(MinisignKey(Association.key("mallory").publicKey))
            try release.association.folder.write(other.encoded, to: "w/Keys/minisign.pub")
        },
    ]

    /// 1.0 is live and 2.0 is staged: made once, and copied for each attack.
    private static let base = Result {
        let association = try Association(machineKeys: ["online", "releases"])
        try association.release("1.0")
        try association.add("2.0")
        return association
    }

    @Test(arguments: attacks) func `when there is`(_ attack: Attack) throws {
        let association = try Self.base.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try attack.prepare(StagedRelease(association: association))
        try association.sign("alice", "bob")
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == attack.code, "\(fault?.description ?? "")")
        #expect(fault?.message.contains(attack.says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "w") == before)
    }

    @Test func `but one that was only laid out anew is published`() throws {
        let association = try Self.base.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        let release = StagedRelease(association: association)
        try release.edit { $0.summary = "another summary" }
        try release.replaceMinisig()
        try association.sign("alice", "bob")
        #expect(try association.publish())
    }
}

/// Release 2.0 of an association, staged and not signed yet, to be changed as its keyholders' machines might be made to.
struct StagedRelease {
    let association: Association

    private func path(_ name: String) throws -> String { try association.staged("." + name) }
    func bytes(_ name: String) throws -> [UInt8] { try #require(try association.folder.read(path(name))) }
    func manifest() throws -> ReleaseManifest { try ReleaseManifest.decode(bytes("release.json")) }

    func edit(_ change: (inout ReleaseManifest) -> Void) throws {
        var manifest = try manifest()
        change(&manifest)
        try replace("release.json", with: manifest.encode())
    }

    func replaceMinisig(
        by signer: SecretKey? = nil, number: SecretKey? = nil, over archive: [UInt8]? = nil, comment: String? = nil
    ) throws {
        let signer = try signer ?? association.key("releases")
        let signature = try MinisignSignature(
            digest: BLAKE2bHasher.digest(of: archive ?? bytes("suite-2.0.tar.zst")),
            key: #require(MinisignKey((number ?? signer).publicKey)), untrustedComment: "a test",
            trustedComment: comment.map { ByteString($0) } ?? manifest().minisigComment, sign: signer.sign)
        try replace("suite-2.0.tar.zst.minisig", with: signature.encoded)
    }

    func replace(_ name: String, _ change: ([UInt8]) -> [UInt8]) throws {
        try replace(name, with: change(bytes(name)))
    }

    /// Puts `bytes` in the place of a file and into the metadata, or takes it out; `SHA256SUMS` is made to fit, unless
    /// it is the file.
    func replace(_ name: String, with bytes: [UInt8]?) throws {
        let old = FilePath(try path(name))
        try DurableStorage().remove(association.folder.path(old.string))
        let target = ByteString("suite/stable/2.0/\(name)")
        let digest = bytes.map { Digest.sha256(of: $0) }
        if let bytes, let digest {
            try association.folder.write(bytes, to: old.removingLastComponent().string + "/\(digest).\(name)")
        }
        var listed: [(ReleaseFileName, Digest)] = []
        try association.editStagedMetadata { signed in
            guard case .object(var targets)? = signed["targets"], case .object(var file)? = targets[target] else {
                return
            }
            if let bytes, let digest {
                file["length"] = .integer(Int64(bytes.count))
                file["hashes"] = ["sha256": .string(ByteString(digest.hex))]
            }
            targets[target] = bytes == nil ? nil : .object(file)
            signed["targets"] = .object(targets)
            listed = Self.listed(targets)
        }
        guard name != "SHA256SUMS" else { return }
        try replace("SHA256SUMS", with: ReleaseSums.encode(listed.filter { $0.0 != .sums }))
    }

    private static func listed(_ targets: JSONObject) -> [(ReleaseFileName, Digest)] {
        targets.members.compactMap { member in
            guard let (version, name) = paths?.split(member.name), "\(version)" == "2.0",
                case .object(let file) = member.value, case .object(let hashes)? = file["hashes"],
                case .string(let hex)? = hashes["sha256"], let digest = Digest(hex: hex)
            else { return nil }
            return (name, digest)
        }
    }

    private static let paths = try? ReleasePaths(product: ProductName("suite"), channel: ChannelName("stable"))
}
