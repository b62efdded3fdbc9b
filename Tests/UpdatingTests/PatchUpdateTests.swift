import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import Updating

@Suite struct PatchUpdateTests {
    /// An instance with 1.0, and later releases that have patches from these.
    private func instance(_ later: [(version: String, patchesFrom: [String])]) async throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", LargeSample.files("1.0"))
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        for (version, earlier) in later {
            try await repository.add(version, LargeSample.files(version), patchesFrom: earlier)
        }
        repository.requests = []
        return instance
    }

    @Test("a patch from the installed release is fetched and nothing else, and makes the signed tree")
    func direct() async throws {
        let instance = try await instance([("1.1", ["1.0"])])
        let patch = try #require(instance.repository.releases["1.1"]?.patches.first)
        let check = try instance.agent().check()
        #expect(check.download == Delivery(.patch, bytes: patch.bytes.count))
        #expect(instance.repository.requests.allSatisfy { !$0.hasPrefix("targets/") })
        instance.repository.requests = []
        let report = try instance.agent().update()
        #expect(
            instance.repository.requestedNames == [
                "2.root.json", "timestamp.json", "release.json", "mail-suite-1.1.from-1.0.patch",
            ])
        #expect(report.delivery == Delivery(.patch, bytes: patch.bytes.count))
        #expect(report.patchRefusal == nil)
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
        #expect(try instance.names(in: "state/downloads") == [])
        #expect(try instance.names(in: "state/releases/1.1") == ["release.json", "tree.mtree"])
        #expect(try instance.agent().verify().differences == [])
        let last = try #require(try instance.history().last)
        #expect(last.event == .updated && last.delivery == report.delivery)
    }

    @Test("two patches over a release in between are used when there is no direct one")
    func chain() async throws {
        let instance = try await instance([("1.1", ["1.0"]), ("1.2", ["1.1"])])
        let check = try instance.agent().check()
        instance.repository.requests = []
        let report = try instance.agent().update()
        #expect(
            instance.repository.requestedNames == [
                "2.root.json", "timestamp.json", "release.json", "release.json", "mail-suite-1.1.from-1.0.patch",
                "mail-suite-1.2.from-1.1.patch",
            ])
        #expect(report.delivery?.way == .patches)
        #expect(check.download == report.delivery)
        #expect(try instance.wholeVersion() == "1.2")
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.2"])
    }

    @Test("a direct patch is preferred to a chain")
    func directBeforeChain() async throws {
        let instance = try await instance([("1.1", ["1.0"]), ("1.2", ["1.1", "1.0"])])
        #expect(try instance.agent().update().delivery?.way == .patch)
        #expect(instance.repository.requestedNames.last == "mail-suite-1.2.from-1.0.patch")
    }

    enum NoPatch: CaseIterable, Sendable {
        case betweenIsWithdrawn, betweenIsGone, archivePreferred, treeLost, largerThanArchive, otherTree
    }

    @Test("the archive is fetched, without a word in the history, when no patch fits", arguments: NoPatch.allCases)
    func noPatch(_ reason: NoPatch) async throws {
        var instance = try await instance(
            [.betweenIsWithdrawn, .betweenIsGone].contains(reason)
                ? [("1.1", ["1.0"]), ("1.2", ["1.1"])]
                : [.largerThanArchive, .otherTree].contains(reason) ? [] : [("1.2", ["1.0"])])
        let repository = instance.repository
        switch reason {
        case .betweenIsWithdrawn: try repository.withdraw("1.1")
        case .betweenIsGone:
            repository.simulator.delegated[ReleaseRepository.role]?.targets[
                repository.paths.manifest(try Version("1.1"))] = nil
            repository.publish()
        case .archivePreferred: instance.prefers = .archive
        case .treeLost: try DurableStorage().removeTree(instance.folder.path("prefix/versions/1.0"))
        case .largerThanArchive:
            try repository.add(
                "1.2", Sample.second, patches: [.init(from: "1.0", bytes: [UInt8](repeating: 1, count: 5000))])
        case .otherTree:
            var lies = ReleaseRepository.Lies()
            lies.manifest = { $0.patches[0].fromTree = Digest.sha256(of: []) }
            try repository.add("1.2", LargeSample.files("1.2"), patches: [.init(from: "1.0", bytes: [1])], lies: lies)
        }
        let report = try instance.agent().update()
        #expect(report.delivery?.way == .archive)
        #expect(report.patchRefusal == nil)
        #expect(try instance.wholeVersion() == "1.2")
        #expect(try instance.history().allSatisfy { $0.event == .updated || $0.event == .damagedTree })
        #expect(repository.requestedNames.filter { $0.hasSuffix(".patch") } == [])
    }

    /// What is wrong with a patch, or here, and the code that the history gives for it.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        var lies = false
        let prepare: @Sendable (inout TestInstance) throws -> Void
    }

    private static let name = "mail-suite-1.1.from-1.0.patch"

    static let troubles: [Trouble] = [
        Trouble(testDescription: "missing on the mirror", code: "agent/target-unavailable") { instance in
            instance.repository.served.updateValue(nil, forKey: name)
        },
        Trouble(testDescription: "damaged on the mirror", code: "agent/wrong-hash") { instance in
            let patch = try #require(instance.repository.releases["1.1"]?.patches.first)
            instance.repository.served[name] = patch.bytes.map { $0 ^ 1 }
        },
        Trouble(testDescription: "needs more memory than allowed", code: "patch/too-much-memory") { instance in
            instance.limits.patchMemory = 1
        },
        Trouble(testDescription: "an unchanged file of the old tree is damaged", code: "patch/wrong-old-file") {
            try $0.folder.write("port 26", to: "prefix/versions/1.0/etc/default.conf")
        },
        Trouble(testDescription: "a file of the old tree is gone", code: "storage/not-found") {
            try DurableStorage().remove($0.folder.path("prefix/versions/1.0/lib/core"))
        },
        Trouble(testDescription: "a changed file of the old tree is damaged", code: "patch/") { instance in
            let path = "prefix/versions/1.0/lib/version"
            let bytes = try #require(try instance.folder.read(path))
            try instance.folder.write(bytes.map { $0 ^ 1 }, to: path)
        },
        Trouble(testDescription: "a link stands in the place of an old folder", code: "storage/") { instance in
            try DurableStorage().removeTree(instance.folder.path("prefix/versions/1.0/lib"))
            try DurableStorage().replaceLink(at: instance.folder.path("prefix/versions/1.0/lib"), target: "etc")
        },
    ]

    @Test(
        "with a patch that cannot be used the archive is fetched in the same run, and the history says why",
        arguments: troubles)
    func fallback(_ trouble: Trouble) async throws {
        var instance = try await instance([("1.1", ["1.0"])])
        try trouble.prepare(&instance)
        let before = try instance.tree("1.0")
        let report = try instance.agent().update()
        try Self.expectFallback(instance, report, trouble.code)
        #expect(try instance.tree("1.0") == before, "the live tree is only read")
    }

    /// Signed by keyholders, and no good.
    @Test(
        "with a signed patch that is no good the archive is fetched in the same run",
        arguments: [
            ("garbage", "patch/"), ("cut", "compression/"), ("to another tree", "patch/wrong-new-tree"),
            ("not listed", "agent/missing-target"), ("listed otherwise", "agent/contradictory-release"),
        ])
    func badPatch(kind: String, code: String) async throws {
        let instance = try await instance([])
        let repository = instance.repository
        let files = LargeSample.files("1.1")
        var patch = try await repository.patch(
            from: "1.0", to: kind == "to another tree" ? LargeSample.files("1.2") : files)
        var lies = ReleaseRepository.Lies()
        switch kind {
        case "garbage": patch = .init(from: "1.0", bytes: Array("garbage".utf8))
        case "cut": patch = .init(from: "1.0", bytes: patch.bytes.dropLast(9))
        case "not listed": lies.isMissing = [Self.name]
        case "listed otherwise": lies.files[Self.name] = patch.bytes + [0]
        default: break
        }
        try repository.add("1.1", files, patches: [patch], lies: lies)
        try Self.expectFallback(instance, instance.agent().update(), code)
    }

    private static func expectFallback(_ instance: TestInstance, _ report: UpdateReport, _ code: String) throws {
        #expect(report.delivery?.way == .archive)
        #expect(report.patchRefusal?.contains("[" + code) == true, "\(report.patchRefusal ?? "")")
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
        // That the tree of before is damaged is said for itself.
        let history = try instance.history().filter { $0.event != .damagedTree }
        let (refused, updated) = (history.dropLast().last, history.last)
        #expect(refused?.event == .patchRefused && refused?.release?.description == "1.1")
        #expect(refused?.reason?.description == report.patchRefusal)
        #expect(updated?.event == .updated && updated?.delivery?.way == .archive)
        #expect(instance.repository.requestedNames.filter { $0.hasSuffix(".patch") }.count <= 2)
        #expect(try instance.agent().update().release == nil, "and that is that")
        #expect(try instance.agent().status().installed?.previous == (try Version("1.0")))
    }

    @Test("when neither patch nor archive can be had, nothing changes, and the history has the reason once")
    func nothing() async throws {
        let instance = try await instance([("1.1", ["1.0"])])
        for name in [Self.name, "mail-suite-1.1.tar.zst"] { instance.repository.served.updateValue(nil, forKey: name) }
        for _ in 0..<2 { #expect(code { try instance.agent().update() } == "agent/target-unavailable") }
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.history().map(\.event) == [.updated, .patchRefused])
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
    }

    @Test("a patch of which a part is here already is fetched from there on")
    func resumed() async throws {
        let instance = try await instance([("1.1", ["1.0"])])
        let patch = try #require(instance.repository.releases["1.1"]?.patches.first)
        let digest = Digest.sha256(of: patch.bytes)
        try instance.folder.write(Array(patch.bytes.prefix(50)), to: "state/downloads/\(digest)")
        #expect(try instance.agent().update().delivery?.way == .patch)
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("space for patch and tree is looked for before the patch is fetched")
    func space() async throws {
        var instance = try await instance([("1.1", ["1.0"])])
        instance.freeBytes = { _ in 5000 }
        #expect(code { try instance.agent().update() } == "agent/not-enough-space")
        #expect(try instance.wholeVersion() == "1.0")
        #expect(instance.repository.requestedNames.filter { $0.hasSuffix(".patch") || $0.hasSuffix(".zst") } == [])
    }

    @Test("what was gone back from is returned to with the tree that stands there: nothing is fetched for it")
    func standing() async throws {
        let instance = try await instance([("1.1", ["1.0"])])
        _ = try instance.agent().update()
        _ = try instance.agent().revert()
        instance.repository.requests = []
        let report = try instance.agent().update(to: Version("1.1"))
        #expect(report.delivery == nil)
        #expect(instance.repository.requestedNames.filter { $0.hasSuffix(".patch") || $0.hasSuffix(".zst") } == [])
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
    }
}
