import DurableStorage
import FoundationEssentials
import Glibc
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog
import UpdatePlan

@testable import Updating

@Suite("A bundle")
struct BundleTests {
    @Test("made on one instance installs the release on another that was only set up", arguments: [true, false])
    func reachesNewInstance(hasLog: Bool) throws {
        let bench = try BundleBench(hasLog: hasLog)
        let bundle = try bench.create()
        let instance = try bench.newInstance()
        let applied = try instance.apply(bundle)
        #expect(try instance.wholeVersion() == "1.0")
        #expect(applied.update.delivery?.way == .archive)
        #expect(applied.warning == nil)
        #expect(try instance.rememberedLog()?.state.size == (hasLog ? bench.log.size : nil))
        #expect(try instance.agent().verify().isListed)
        #expect(try instance.apply(bundle).update.release == nil)
    }

    @Test("reaches an instance that is three versions behind, and one that never saw the roots between")
    func threeBehind() throws {
        let bench = try BundleBench()
        let old = try bench.instance(with: "1.0")
        let new = try bench.newInstance()
        for version in ["1.1", "1.2", "1.3"] {
            bench.repository.simulator.bumpRoot()
            try bench.repository.add(version, LargeSample.files(version))
        }
        let bundle = try bench.create()
        for instance in [old, new] {
            try instance.apply(bundle)
            #expect(try instance.wholeVersion() == "1.3")
            #expect(try instance.trustedVersions()["root"] == 4)
        }
    }

    @Test("holds every root from the first, also when its maker was set up with a later one")
    func laterRoot() throws {
        let bench = try BundleBench()
        let old = try bench.newInstance()
        bench.repository.simulator.bumpRoot()
        bench.repository.simulator.bumpRoot()
        bench.repository.publish()
        let maker = try TestInstance(bench.repository)
        let roots = bench.repository.simulator.roots
        _ = try maker.agent().initialise(root: roots[1], fingerprint: nil)
        let file = maker.folder.path("bundle")
        let made = try maker.agent().createBundle(BundleRequest(), to: file)
        #expect(made.roots == 1...3)
        try old.apply(file)
        #expect(try old.wholeVersion() == "1.0")
        // Without the first root among what is published, it begins with the maker's.
        bench.repository.simulator.bend["1.root.json"] = { _ in nil }
        #expect(try maker.agent().createBundle(BundleRequest(), to: file).roots == 2...3)
        // Another first root than the one that leads here is no bundle.
        let other = try ReleaseRepository()
        other.simulator.setKeys(of: .root, to: [TestKey("foreign root")])
        other.simulator.restartRoots()
        bench.repository.simulator.bend["1.root.json"] = { _ in other.simulator.roots[0] }
        try DurableStorage().remove(file)
        #expect(code { try maker.agent().createBundle(BundleRequest(), to: file) } == "tuf/threshold-not-met")
        #expect(try maker.names(in: "") == ["state"])
    }

    @Test("brings a patch, and is small without the archive")
    func byPatch() async throws {
        let bench = try BundleBench()
        let instance = try bench.instance(with: "1.0")
        try await bench.repository.add("1.1", LargeSample.files("1.1"), patchesFrom: ["1.0"])
        let whole = try bench.create(bench.request(from: ["1.0"]), as: "whole")
        let small = try bench.create(bench.request(from: ["1.0"], isPatchOnly: true), as: "small")
        #expect(try bench.bytes(small).count + 4000 < bench.bytes(whole).count)
        #expect(try instance.apply(small).update.delivery?.way == .patch)
        #expect(try instance.wholeVersion() == "1.1")
        let other = try bench.instance(with: "1.0")
        #expect(try other.apply(whole).update.delivery?.way == .patch)
        // One that has nothing, and one that wants archives, need the archive.
        let fresh = try bench.newInstance()
        let fault = #expect(throws: (any Error).self) { try fresh.apply(small) }
        #expect((fault as? any ReportableFault)?.codeText == "bundle/incomplete")
        #expect((fault as? any ReportableFault)?.hint?.contains("with the archive") == true)
        #expect(try fresh.wholeVersion() == nil)
        try fresh.apply(whole)
        #expect(try fresh.wholeVersion() == "1.1")
    }

    @Test("is not made of a patch that is not there, a release that is not there, or a withdrawn one")
    func notMade() throws {
        let bench = try BundleBench()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        try bench.repository.withdraw("1.1")
        let agent = try bench.maker.agent()
        func refusal(_ request: BundleRequest) -> String? {
            code { try agent.createBundle(request, to: bench.maker.folder.path("bundle")) }
        }
        #expect(try refusal(bench.request("1.0", from: ["0.9"])) == "bundle/no-patch")
        #expect(try refusal(bench.request("3.0")) == "plan/unknown-version")
        #expect(try refusal(bench.request("1.1")) == "plan/withdrawn")
        #expect(try bench.maker.names(in: "") == ["state"])
        // What is not withdrawn is the newest.
        let made = try agent.createBundle(BundleRequest(), to: bench.maker.folder.path("bundle"))
        #expect(made.version.description == "1.0")
    }

    @Test("is the same bytes for the same content, whoever makes it")
    func reproducible() throws {
        let bench = try BundleBench()
        let first = try bench.bytes(bench.create(as: "first"))
        let other = try bench.instance(with: "1.0")
        let made = try other.agent().createBundle(BundleRequest(), to: other.folder.path("second"))
        #expect(try other.folder.read("second") == first)
        #expect(made.sha256 == Digest.sha256(of: first))
        #expect(made.bytes == first.count)
        // From the published folder as well.
        let folder = try TemporaryFolder()
        try bench.repository.dump(to: folder)
        _ = try Agent.createBundle(
            BundleRequest(), of: bench.repository.paths, from: folder.path.string, root: bench.repository.rootBytes,
            to: folder.path("third"), storage: DurableStorage(), now: bench.now, agentVersion: Version("0.1.0")
        ) { _ in }
        #expect(try folder.read("third") == first)
    }

    @Test("of a log of several bundles reaches an instance that knows some of them")
    func longLog() throws {
        let bench = try BundleBench()
        let old = try bench.instance(with: "1.0")
        for number in 1...600 { bench.log.append("notice", "log", "\(number)", Array("{}".utf8)) }
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let bundle = try bench.create()
        try old.apply(bundle)
        let new = try bench.newInstance()
        try new.apply(bundle)
        for instance in [old, new] {
            #expect(try instance.wholeVersion() == "1.1")
            #expect(try instance.rememberedLog()?.state.size == bench.log.size)
        }
    }

    @Test("that is not of the newest release is applied only when that release is asked for by name")
    func olderRelease() throws {
        let bench = try BundleBench()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let bundle = try bench.create(bench.request("1.0"))
        let instance = try bench.newInstance()
        let fault = #expect(throws: (any Error).self) { try instance.apply(bundle) }
        #expect((fault as? any ReportableFault)?.codeText == "bundle/other-release")
        #expect((fault as? any ReportableFault)?.hint?.contains("--version") == true)
        #expect(try instance.wholeVersion() == nil)
        try instance.apply(bundle, version: "1.0")
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("is no approval where the administrator wants to give one, with --now neither, unless it is named")
    func approval() throws {
        let bench = try BundleBench()
        let bundle = try bench.create()
        let asking = { try bench.newInstance { $0.configure = { $0.install.mode = .notify } } }
        let instance = try asking()
        #expect(try instance.apply(bundle).update.held?.waiting.reason == .approval)
        #expect(try instance.wholeVersion() == nil)
        #expect(try instance.apply(bundle, now: true).update.held?.waiting.reason == .approval)
        #expect(try instance.wholeVersion() == nil)
        let other = try asking()
        try other.apply(bundle, version: "1.0")
        #expect(try other.wholeVersion() == "1.0")
        let loading = try bench.newInstance { $0.configure = { $0.install.mode = .download } }
        #expect(try loading.apply(bundle).update.held?.waiting.isReady == true)
        #expect(try loading.wholeVersion() == nil)
        // It is here by now: no bundle and no mirror is needed to install it.
        #expect(try loading.apply(bundle, now: true).update.held?.waiting.reason == .approval)
        #expect(try loading.wholeVersion() == nil)
        #expect(try loading.apply(bundle, version: "1.0").update.held == nil)
        #expect(try loading.wholeVersion() == "1.0")
    }

    @Test("of a release that waits installs no older one in its place")
    func waitingNewest() throws {
        let bench = try BundleBench()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let bundle = try bench.create()
        var instance = try bench.newInstance { $0.log.holdBack = HoldBack() }
        #expect(try instance.apply(bundle, now: true).update.held?.release.version.description == "1.1")
        #expect(try instance.wholeVersion() == nil)
        instance.now += 6 * 3600
        try instance.apply(bundle)
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("may be unpacked by tar, and what comes out is a repository")
    func unpacked() throws {
        let bench = try BundleBench()
        let bundle = try bench.create()
        let folder = try TemporaryFolder()
        for member in try TestTar.members(of: bundle) {
            let bytes = try bench.bytes(bundle)
            try folder.write(Array(bytes[member.offset..<member.offset + member.size]), to: member.name)
        }
        var instance = try bench.newInstance()
        instance.mirrors = [FolderMirror(folder.path, storage: DurableStorage())]
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
    }
}

@Suite("Making a bundle")
struct BundleMakingTests {
    @Test("goes on with the next mirror when one is stale, and says so")
    func nextMirror() throws {
        var bench = try BundleBench()
        let stale = try ReleaseRepository("stale mirror")
        stale.beginLog()
        stale.simulator.bend["timestamp.json"] = { _ in nil }
        bench.maker.mirrors = [stale, bench.repository]
        let made = try bench.maker.agent().createBundle(BundleRequest(), to: bench.maker.folder.path("bundle"))
        #expect(made.complaints.map(\.mirror) == ["stale mirror"])
    }

    @Test("writes none that the instance itself would refuse: older than what it knows, expired, not logged")
    func notOwn() throws {
        // Its own mirrors went back.
        var bench = try BundleBench()
        let file = bench.maker.folder.path("bundle")
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        _ = try bench.maker.agent().check()
        let before = try bench.maker.trustedVersions()
        bench.repository.simulator.timestamp.header.version -= 1
        bench.repository.simulator.timestamp.snapshot = MetaFile(
            version: bench.repository.simulator.snapshot.header.version,
            facts: bench.repository.simulator.timestamp.snapshot.facts)
        #expect(code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } == "tuf/rollback")
        bench.repository.simulator.timestamp.header.version += 1
        // Its own floor counts.
        bench.maker.log.floor = CosignatureFloor(count: 4)
        #expect(code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } == "log/below-floor")
        bench.maker.log.floor = CosignatureFloor()
        bench.repository.isLogging = false
        try bench.repository.add("1.2", LargeSample.files("1.2"))
        #expect(code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } == "log/unlogged")
        bench.repository.logAll()
        bench.maker.now += 73 * 3600
        #expect(code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } == "log/stale")
        bench.maker.now += 30 * RepositorySimulator.day
        #expect(code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } == "tuf/expired")
        #expect(try bench.maker.names(in: "") == ["state"])
        #expect(try bench.maker.trustedVersions() == before)
    }

    @Test("with a damaged tile, entry, proof or archive on the mirror writes none")
    func damagedMirror() throws {
        let bench = try BundleBench()
        let file = bench.maker.folder.path("bundle")
        func refusal() -> String? { code { try bench.maker.agent().createBundle(BundleRequest(), to: file) } }
        for path in bench.log.files.keys.sorted() where path.contains("/tile/") && path.hasSuffix("/\(bench.log.size)")
        {
            bench.log.bend[path] = { [$0[0] ^ 1] + $0.dropFirst() }
            #expect(refusal() != nil, "\(path)")
            bench.log.bend[path] = { _ in nil }
            #expect(refusal() == "log/unreachable", "\(path)")
            bench.log.bend = [:]
        }
        bench.repository.served["mail-suite-1.0.tar.zst"] = [UInt8](repeating: 0, count: 10)
        #expect(refusal() != nil)
        bench.repository.served = [:]
        #expect(try bench.maker.names(in: "") == ["state"])
        #expect(refusal() == nil)
    }

    @Test("stopped at any effect leaves no bundle or a whole one, and the former one until then", arguments: [1, 7])
    func stopped(seed: Int) throws {
        let bench = try BundleBench()
        let count = try effects(bench)
        for place in stride(from: seed, through: count, by: 11) {
            let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
            let former = Array("the former one".utf8)
            try folder.write(former, to: "bundle")
            let faulty = try FaultyStorage(
                .crash(at: place, losing: .everythingUnflushed), in: TemporaryFolder.inMemory)
            _ = try? make(bench, to: folder.path("bundle"), faulty.storage)
            let found = try folder.read("bundle")
            if found != former { _ = try BundleFile(folder.path("bundle")) }
            _ = try make(bench, to: folder.path("bundle"), DurableStorage())
            #expect(try folder.contents().keys.sorted() == ["bundle"])
        }
    }

    private func make(_ bench: BundleBench, to file: FilePath, _ storage: DurableStorage) throws -> MadeBundle {
        try BundleMaking(
            request: BundleRequest(), settings: bench.maker.configuration,
            ports: AgentPorts(
                storage: storage, now: bench.now, mirrors: [bench.repository], agentVersion: Version("0.1.0")),
            pinnedRoot: bench.repository.rootBytes
        ).make(file) { _ in }
    }

    private func effects(_ bench: BundleBench) throws -> Int {
        let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        let faulty = try FaultyStorage(in: TemporaryFolder.inMemory)
        _ = try make(bench, to: folder.path("bundle"), faulty.storage)
        return faulty.effects.count
    }

    @Test(
        "is not put in the place of a folder or a pipe, and nothing is fetched for it", arguments: ["folder", "pipe"])
    func occupiedPlace(kind: String) throws {
        let bench = try BundleBench(hasLog: false)
        let place = bench.maker.folder.path("out")
        if kind == "folder" {
            try DurableStorage().makeDirectory(place)
        } else {
            #expect(mkfifo(place.string, 0o600) == 0)
        }
        let before = try bench.maker.folder.contents()
        bench.repository.requests = []
        #expect(code { try bench.create(as: "out") } == "storage/exists")
        #expect(bench.repository.requests == [])
        #expect(try bench.maker.folder.contents() == before)
    }
}
