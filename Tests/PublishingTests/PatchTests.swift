import Archiving
import DurableStorage
import Foundation
import Patching
import Primitives
import Publishing
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `Patches of a release` {
    private func published(_ versions: String...) async throws -> Association {
        let association = try Association()
        for version in versions {
            try await association.addLarge(version, patches: 0)
            try association.sign("alice", "bob")
            try association.publish(readByPeer: false)
        }
        return association
    }

    @Test func `come from the newest three published releases, a withdrawn one too, and make the new tree`()
        async throws
    {
        let association = try await published("1.0", "1.1", "1.2", "1.3")
        _ = try ReleaseWithdrawal(workspace: association.workspace, now: association.now)
            .withdraw(Version("1.2"), Withdrawal(reason: "it loses mail", time: association.now), channel: nil)
        try association.sign("alice", "bob")
        try association.publish(readByPeer: false)

        let result = try await association.addLarge("2.0", patches: 3)
        #expect(result.missingPatches == [])
        #expect(result.manifest.patches.map(\.fromVersion.description) == ["1.3", "1.2", "1.1"])
        #expect(result.manifest.patches.map(\.file.description).first == "suite-2.0.from-1.3.patch")
        try association.sign("alice", "carol")
        #expect(try association.publish())
        for patch in result.manifest.patches {
            #expect(patch.perMille(of: result.manifest.archive) < 100)
            let version = patch.fromVersion.description
            let old = try TreePacker().list(association.folder.path("trees/\(version)"))
            #expect(old.digest == patch.fromTree)
            let (path, bytes) = try #require(
                try association.published().first { $0.key.hasSuffix(patch.file.description) })
            #expect(bytes.count == patch.bytes && Digest.sha256(of: bytes) == patch.sha256)
            let made = try TreePatcher().apply(
                association.folder.path(path), to: association.folder.path("trees/\(version)"), listing: old,
                expected: result.manifest.tree.sha256, into: association.folder.path("made-\(version)"),
                storage: DurableStorage())
            #expect(made == (try TreePacker().list(association.folder.path("trees/2.0"))))
        }
        #expect(try association.files(below: "w/Staged").keys.sorted() == Association.emptyStaging)
    }

    @Test(arguments: [(0, []), (1, ["1.1"]), (2, ["1.1", "1.0"]), (64, ["1.1", "1.0"])])
    func `come from as many releases as asked for`(count: Int, versions: [String]) async throws {
        let association = try await published("1.0", "1.1")
        let result = try await association.addLarge("2.0", patches: count)
        #expect(result.manifest.patches.map(\.fromVersion.description) == versions, "\(result.missingPatches)")
    }

    @Test func `do not come from a release that is only staged`() async throws {
        let association = try await published("1.0")
        try await association.addLarge("1.1", patches: 0)
        let result = try await association.addLarge("2.0", patches: 3)
        #expect(result.manifest.patches.map(\.fromVersion.description) == ["1.0"])
    }

    @Test func `that are larger than three fifths of the archive are left out, and said so`() async throws {
        let association = try await published("1.0")
        let result = try await association.addLarge("2.0", patches: 3, seed: 99)
        #expect(result.manifest.patches == [])
        let missing = try #require(result.missingPatches.first)
        #expect(missing.from == (try Version("1.0")))
        #expect(missing.reason.hasSuffix("% of the archive's bytes"))
        #expect(try association.files(below: "w/Staged").keys.filter { $0.hasSuffix(".patch") } == [])
    }

    @Test(arguments: [false, true])
    func `from a release whose archive is gone or damaged are left out, and the release is staged`(
        isDamaged: Bool
    ) async throws {
        let association = try await published("1.0", "1.1")
        let path = try #require(try association.published().keys.first { $0.hasSuffix("suite-1.1.tar.zst") })
        if isDamaged {
            try association.folder.write([1, 2, 3], to: path)
        } else {
            try DurableStorage().remove(association.folder.path(path))
        }
        let result = try await association.addLarge("2.0", patches: 3)
        #expect(result.manifest.patches.map(\.fromVersion.description) == ["1.0"])
        #expect(result.missingPatches.map(\.from.description) == ["1.1"])
        #expect(try association.files(below: "w/Staged").keys.contains { $0.hasSuffix("2.suite-stable.json") } == false)
        #expect(try association.files(below: "w/Staged").keys.contains { $0.hasSuffix("3.suite-stable.json") })
    }

    @Test func `are said in the review, in SHA256SUMS and as targets`() async throws {
        let association = try await published("1.0")
        let result = try await association.addLarge("2.0", patches: 3)
        let review = Review(
            try Staging.load(association.workspace), workspace: association.workspace, now: association.now)
        let said = review.changes.flatMap(\.details).filter { $0.hasPrefix("patches from") }
        #expect(said.count == 1)
        #expect(said.first?.hasPrefix("patches from 1.0 (") == true)
        let sums = String(decoding: try StagedRelease(association: association).bytes("SHA256SUMS"), as: UTF8.self)
        #expect(sums.contains("\(result.manifest.patches[0].sha256)  suite-2.0.from-1.0.patch\n"))
        let targets = try #require(try Staging.load(association.workspace).roles.first?.targets)
        #expect(
            targets.targets["suite/stable/2.0/suite-2.0.from-1.0.patch"]?.length == result.manifest.patches[0].bytes)
    }

    // MARK: what publish refuses

    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// In the message.
        let says: String
        let prepare: @Sendable (StagedRelease) throws -> Void

        init(_ name: String, says: String, _ prepare: @escaping @Sendable (StagedRelease) throws -> Void) {
            testDescription = name
            self.says = says
            self.prepare = prepare
        }
    }

    private static let name = "suite-2.0.from-1.1.patch"

    /// Another file in the place of the patch, and `release.json` says so.
    private static func swap(_ release: StagedRelease, _ change: ([UInt8]) throws -> [UInt8]) throws {
        let bytes = try change(release.bytes(name))
        try release.replace(name, with: bytes)
        try release.edit { manifest in
            manifest.patches[0].sha256 = Digest.sha256(of: bytes)
            manifest.patches[0].bytes = bytes.count
        }
    }

    static let attacks: [Attack] = [
        Attack("another file is listed than release.json names", says: "another patch") { release in
            try release.replace(name) { $0 + [0] }
        },
        Attack("no patch at all", says: "patch/unsupported-format") { release in
            try swap(release) { _ in Array("no patch".utf8) }
        },
        Attack("an empty file", says: "patch/") { try swap($0) { _ in [] } },
        Attack("a patch cut short", says: "patch/") { try swap($0) { Array($0.prefix(40)) } },
        Attack("a patch from another tree", says: "a patch from tree") { release in
            try swap(release) { bytes in
                let digest = try release.manifest().patches[0].fromTree.bytes
                return try #require(bytes.replacing(digest))
            }
        },
        Attack("a patch to another tree", says: "a patch to tree") { release in
            try swap(release) { try #require($0.replacing(try release.manifest().tree.sha256.bytes)) }
        },
        Attack("release.json says it is from another tree", says: "a patch from tree") { release in
            try release.edit { $0.patches[0].fromTree = Digest.sha256(of: []) }
        },
        Attack("release.json says it is from another release", says: "which is 1.0") { release in
            let previous = try Version("1.0")
            try release.edit { $0.patches[0].fromVersion = previous }
        },
        Attack("release.json says it is from the release itself", says: "a release before 2.0") { release in
            try release.edit { $0.patches[0].fromVersion = $0.version }
        },
        Attack("listed and not named", says: "in both") { try $0.edit { $0.patches = [] } },
    ]

    @Test(arguments: attacks) func `that do not fit are not published`(_ attack: Attack) async throws {
        let association = try Association()
        for version in ["1.0", "1.1"] { try await association.addLarge(version, patches: 0) }
        try association.sign("alice", "bob")
        try association.publish(readByPeer: false)
        try await association.addLarge("2.0", patches: 1)
        try attack.prepare(StagedRelease(association: association))
        try association.sign("alice", "bob")
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == .wouldBeRefused)
        #expect(fault?.message.contains(attack.says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "w") == before)
    }
}

extension Association {
    /// A tree of 40 KB that do not compress, a few of which are another version's.
    @discardableResult
    func addLarge(_ version: String, patches: Int, seed: UInt64 = 1) async throws -> ReleaseStaging.Result {
        var (state, noise) = (seed, [UInt8]())
        for _ in 0..<40_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            noise.append(UInt8(truncatingIfNeeded: state >> 56))
        }
        noise.replaceSubrange(20_000..<20_100, with: Array("\(version) is here".utf8))
        try folder.write(noise, to: "trees/\(version)/lib/core.bin")
        let request = ReleaseStaging.Request(
            tree: try tree(version), channel: try ChannelName("stable"), version: try Version(version),
            severity: .important, summary: "a release")
        return try await ReleaseStaging(workspace: workspace, now: now).add(request, patchesFromNewest: patches)
    }
}

extension [UInt8] {
    /// With one bit of the only place where `part` stands changed; nil when it stands nowhere.
    fileprivate func replacing(_ part: [UInt8]) -> [UInt8]? {
        guard let place = indices.first(where: { self[$0...].starts(with: part) }) else { return nil }
        var result = self
        result[place] ^= 1
        return result
    }
}
