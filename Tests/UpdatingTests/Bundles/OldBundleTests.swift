import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// What time does to bundles: old ones are warned of, and take nothing away.
@Suite("An old bundle")
struct OldBundleTests {
    private static let hour: TimeInterval = 3600

    @Test("whose timestamp, snapshot and cosignatures are out of date installs, and says how old it is")
    func warns() throws {
        var bench = try BundleBench()
        // Keyholders' metadata lives for a year, the online half for thirty days.
        try bench.liveLong()
        let bundle = try bench.create()
        bench.wait(100 * RepositorySimulator.day)
        let instance = try bench.newInstance()
        var warnings: [String] = []
        let applied = try instance.apply(bundle) { warnings.append($0) }
        #expect(try instance.wholeVersion() == "1.0")
        #expect(warnings.count == 1)
        #expect(applied.warning == warnings.first)
        #expect(applied.warning?.contains("70 days ago") == true, "\(applied.warning ?? "")")
        #expect(applied.warning?.contains("100 days ago") == true)
        let age = try #require(applied.json["bundle"])
        let text = String(decoding: age.lineEncoding, as: UTF8.self)
        #expect(text.contains("\"old\":true") && text.contains("\"hours\":2400"), "\(text)")
        #expect(text.contains("\"expired_since\":\"2030-01-31T00:00:00Z\""), "\(text)")
        // The same repository over a network is refused as before, by this very instance.
        #expect(code { try instance.agent().update() } == "tuf/expired")
        #expect(code { try instance.agent().check() } == "tuf/expired")
        #expect(try instance.agent().status().metadata?.isExpired == true)
    }

    @Test("cannot be had over a network: an agent with mirrors requires freshness, and applies nothing")
    func notOverHTTP() throws {
        let bench = try BundleBench()
        let instance = try bench.newInstance()
        let agent = try Agent.overHTTP(
            instance.configuration, storage: DurableStorage(), now: bench.now, agentVersion: Version("0.1.0")
        ) { _ in }
        #expect(agent.ports.freshness == .required)
        #expect(code { try agent.apply() } == "bundle/incomplete")
        // A bundle among an agent's mirrors is a mirror like others.
        let ports = AgentPorts(
            storage: DurableStorage(), now: bench.now,
            mirrors: [try BundleMirror(try bench.create(), storage: DurableStorage())],
            agentVersion: try Version("0.1.0"))
        #expect(ports.freshness == .required)
        #expect(code { try Agent(instance.configuration, ports: ports).apply() } == "bundle/incomplete")
    }

    @Test("with only cosignatures older than the instance's hours is warned of, and refused as a mirror's")
    func oldCosignatures() throws {
        var bench = try BundleBench()
        let bundle = try bench.create()
        bench.now += 73 * Self.hour
        let instance = try bench.newInstance()
        #expect(code { try instance.agent().update() } == "log/stale")
        let applied = try instance.apply(bundle)
        #expect(applied.warning?.contains("expired") == false)
        #expect(applied.warning?.contains("3 days ago") == true)
        let young = try bench.newInstance { $0.log.freshness = 24 * 7 }
        #expect(try young.apply(bundle).warning == nil)
    }

    @Test("is refused by its root, targets or channel when keyholders' metadata has expired", arguments: 0..<3)
    func keyholdersExpired(place: Int) throws {
        var bench = try BundleBench()
        try bench.liveLong(butNot: [RoleName.root, .targets, ReleaseRepository.role][place])
        let bundle = try bench.create()
        bench.wait(31 * RepositorySimulator.day)
        let instance = try bench.newInstance()
        let fault = try instance.refuses(bundle, "tuf/expired")
        #expect(fault?.message.contains(["root", "targets", "mail-suite-stable"][place]) == true)
        #expect(fault?.hint?.contains("bring a newer bundle") == true)
    }

    @Test("is refused by whoever knows newer metadata or a longer log, and says which", arguments: [true, false])
    func rollback(hasLog: Bool) throws {
        let bench = try BundleBench(hasLog: hasLog)
        let bundle = try bench.create()
        let instance = try bench.instance(with: "1.0")
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        _ = try instance.agent().check()
        let fault = try instance.refuses(bundle, "tuf/rollback")
        #expect(fault?.message.contains("timestamp") == true)
        #expect(fault?.message.contains("found version") == true && fault?.message.contains("at least") == true)
        #expect(fault?.hint == "this bundle is older than what this instance knows already; bring a newer one")
        // An instance that applied the newer bundle refuses the older one just so.
        let newer = try bench.create(as: "newer")
        let offline = try bench.newInstance()
        try offline.apply(newer)
        try offline.refuses(bundle, "tuf/rollback")
        #expect(try offline.wholeVersion() == "1.1")
    }

    @Test("of which the instance remembers a longer log is refused, also when its metadata was lost")
    func shorterLog() throws {
        let bench = try BundleBench()
        let bundle = try bench.create()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let instance = try bench.instance(with: "1.1")
        try DurableStorage().removeTree(instance.folder.path("state/metadata"))
        let fault = try instance.refuses(bundle, "log/shrunk")
        #expect(fault?.hint?.contains("older") == true)
    }

    @Test("is not excused for a quorum that is missing, nor for a policy that asks nobody")
    func quorum() throws {
        let bench = try BundleBench()
        let bundle = try bench.create()
        let bytes = try bench.bytes(bundle)
        let checkpoint = try #require(bench.log.files["log/checkpoint"])
        let lines = String(decoding: checkpoint, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let files = try TestTar.members(of: bundle).map { ($0.name, Array(bytes[$0.offset..<$0.offset + $0.size])) }
        // Text, an empty line, the log's signature, and one of three witnesses.
        let poor = Array((lines.prefix(6) + [""]).joined(separator: "\n").utf8)
        let changed = files.map { ($0.0, $0.0 == "log/checkpoint" ? poor : $0.1) }
        var instance = try bench.newInstance()
        try instance.refuses(try bench.write(TestBundle.encode(changed)), "log/no-quorum")
        instance.log.floor = CosignatureFloor(count: 4)
        try instance.refuses(bundle, "log/below-floor")
    }

    @Test("holding a log that contradicts what is known is a fork, with evidence")
    func fork() throws {
        let bench = try BundleBench()
        let instance = try bench.instance(with: "1.0")
        let known = bench.log
        // The log's key and all witnesses serve another past to whoever makes the bundle.
        let other = known.fork(keeping: known.size - 1)
        for witness in other.witnesses { witness.behaviour = .complaisant }
        bench.repository.log = other
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        bench.repository.logAll()
        let maker = try bench.newInstance()
        let file = maker.folder.path("bundle")
        _ = try maker.agent().createBundle(BundleRequest(), to: file)
        try instance.refuses(file, "log/fork")
        #expect(try instance.agent().status().forkEvidence.count > 0)
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("waits for hold-back by the proof it carries, and is installed from the same file later")
    func holdBack() throws {
        var bench = try BundleBench()
        let instance = { (bench: BundleBench) in try bench.newInstance { $0.log.holdBack = HoldBack() } }
        let bundle = try bench.create()
        var first = try instance(bench)
        let until = RepositorySimulator.now + 6 * Self.hour
        #expect(try first.apply(bundle).update.held?.until == until)
        #expect(try first.wholeVersion() == nil)
        first.now += 6 * Self.hour
        #expect(try first.apply(bundle).update.held == nil)
        #expect(try first.wholeVersion() == "1.0")
        // Carried for a day, it has waited when it comes.
        bench.now += 24 * Self.hour
        let second = try instance(bench)
        try second.apply(bundle)
        #expect(try second.wholeVersion() == "1.0")
    }

    @Test("without a proof waits from the hour it came")
    func holdBackWithoutProof() throws {
        var bench = try BundleBench()
        let bundle = try bench.create()
        let unproved = try bench.withoutProof(of: "1.0", bundle)
        bench.now += 10 * Self.hour
        var instance = try bench.newInstance { $0.log.holdBack = HoldBack() }
        let held = try instance.apply(unproved)
        #expect(held.update.held?.until == bench.now + 6 * Self.hour)
        #expect(!held.isNewerNeeded)
        instance.now += 6 * Self.hour
        try instance.apply(unproved)
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("does not get younger by leaving its proof out: then waiting does not help, and a newer bundle does")
    func strippedProof() throws {
        var bench = try BundleBench()
        let bundle = try bench.create()
        let unproved = try bench.withoutProof(of: "1.0", bundle)
        bench.wait(200 * Self.hour)
        var instance = try bench.newInstance { $0.log.holdBack = HoldBack() }
        #expect(try instance.apply(unproved).isNewerNeeded)
        instance.now += 100 * Self.hour
        #expect(try instance.apply(unproved).isNewerNeeded)
        #expect(try instance.wholeVersion() == nil)
        bench.wait(100 * Self.hour)
        bench.repository.publish()
        try instance.apply(try bench.create(as: "newer"))
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("does not sit out a hold-back that its own cosignatures are too old to have seen the end of")
    func holdBackBeyondFreshness() throws {
        var bench = try BundleBench()
        let bundle = try bench.create()
        bench.wait(400 * Self.hour)
        let instance = try bench.newInstance { $0.log.holdBack.important = 100 }
        let applied = try instance.apply(bundle)
        #expect(applied.update.held?.until == RepositorySimulator.now + 100 * Self.hour)
        #expect(applied.isNewerNeeded)
        #expect(try instance.wholeVersion() == nil)
        // A newer one, of the same release, shows that nobody objected.
        bench.repository.publish()
        try instance.apply(try bench.create(as: "newer"))
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("of a release that was withdrawn since is refused by whoever knows of it")
    func withdrawn() throws {
        let bench = try BundleBench()
        let instance = try bench.instance(with: "1.0")
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let bundle = try bench.create()
        try bench.repository.withdraw("1.1")
        let newer = try bench.create(as: "newer")
        try instance.apply(newer)
        try instance.refuses(bundle, "tuf/rollback")
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("killed at any effect of applying leaves one release whole, and the next run ends it")
    func stopped() throws {
        let bench = try BundleBench()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let bundle = try bench.create()
        let observed = try FaultyStorage(in: TemporaryFolder.inMemory)
        try bench.newInstance(in: TemporaryFolder.inMemory).apply(bundle, storage: observed.storage)
        for place in stride(from: 1, through: observed.effects.count, by: 5) {
            let instance = try bench.newInstance(in: TemporaryFolder.inMemory)
            let faulty = try FaultyStorage(
                .crash(at: place, losing: .everythingUnflushed), in: TemporaryFolder.inMemory)
            _ = try? instance.apply(bundle, storage: faulty.storage)
            _ = try instance.wholeVersion()
            try instance.apply(bundle)
            #expect(try instance.wholeVersion() == "1.1")
        }
    }
}

extension BundleBench {
    /// What keyholders sign is valid for a year.
    fileprivate func liveLong(butNot short: RoleName? = nil) throws {
        let simulator = repository.simulator
        let long = RepositorySimulator.now + 365 * RepositorySimulator.day
        if short != .root { simulator.root.header.expires = long }
        if short != .targets { simulator.targets.header.expires = long }
        if short != ReleaseRepository.role { simulator.delegated[ReleaseRepository.role]?.header.expires = long }
        simulator.targets.header.version += 1
        simulator.bumpRoot()
        repository.publish()
    }

    fileprivate func withoutProof(of version: String, _ bundle: FilePath) throws -> FilePath {
        let bytes = try bytes(bundle)
        let proof = LogSimulator.proofPath(ofContent: try #require(repository.releases[version]).manifestBytes)
        let files = try TestTar.members(of: bundle).filter { $0.name != proof }
            .map { ($0.name, Array(bytes[$0.offset..<$0.offset + $0.size])) }
        return try write(TestBundle.encode(files), as: "unproved")
    }

    fileprivate func newInstance(in base: String) throws -> TestInstance {
        var instance = try TestInstance(repository, in: TemporaryFolder(in: base))
        instance.now = now
        try instance.initialise()
        return instance
    }
}
