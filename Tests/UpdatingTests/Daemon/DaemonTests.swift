import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Settings
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// A daemon over an instance in a folder, whose clocks go on when it waits.
private final class Scene {
    let repository: ReleaseRepository
    var instance: TestInstance
    var elapsed = Duration.zero
    /// Seconds by which somebody set the time of day.
    var shift = 0.0
    var chance = 0.5
    var configuration: () throws -> AgentConfiguration
    /// What happens outside, once each, when its time has come.
    var outside: [(Duration, (Scene) -> Void)] = []
    var isStopping = false
    var reloads = false
    var watchdogLimit: Duration?
    /// Where the numbers were last asked to be served.
    var served: String?
    /// Where nobody can listen.
    var occupied: Set<String> = []

    private(set) var messages: [ServiceMessage] = []
    private(set) var said: [String] = []
    /// Seconds after which each look ended.
    private(set) var looks: [Int] = []
    private(set) var waits: [Duration] = []

    init(_ releases: String...) throws {
        repository = try ReleaseRepository()
        for version in releases { try repository.add(version, Sample.first) }
        instance = try TestInstance(repository)
        try instance.initialise()
        configuration = { [instance] in instance.configuration }
    }

    private var now: Date { RepositorySimulator.now + Double(elapsed.components.seconds) + shift }

    private func happen() {
        for (time, event) in outside where time <= elapsed { event(self) }
        outside.removeAll { $0.0 <= elapsed }
    }

    func agent() throws -> Agent {
        var instance = instance
        instance.now = now
        return try instance.agent()
    }

    func run(for time: Duration, atOnce: Bool = false) throws {
        outside.append((time, { $0.isStopping = true }))
        outside.sort { $0.0 < $1.0 }
        var ports = DaemonPorts(
            load: { [unowned self] in try configuration() }, agent: { [unowned self] _ in try agent() },
            now: { [unowned self] in now }, elapsed: { [unowned self] in elapsed },
            chance: { [unowned self] in chance }, isStopping: { [unowned self] in isStopping },
            takeReload: { [unowned self] in
                defer { reloads = false }
                return reloads
            },
            wait: { [unowned self] time in
                waits.append(time)
                // Something outside ends the wait.
                let next = outside.first.map { $0.0 - elapsed } ?? time
                elapsed += max(.zero, min(time, next))
                happen()
            },
            tell: { [unowned self] message in
                messages.append(message)
                if case .status = message { looks.append(Int(elapsed.components.seconds)) }
            }, watchdogLimit: watchdogLimit, say: { [unowned self] in said.append(Self.word($0)) },
            describe: { agent, fault in fault?.codeText ?? agent.linkedVersion?.description ?? "nothing" })
        ports.serveMetrics = { [unowned self] configuration in
            let place = configuration.metrics.listen?.description
            if let place, occupied.contains(place) { throw AgentFault(.occupied, at: place) }
            served = place
        }
        var daemon = try Daemon(ports, atOnce: atOnce)
        daemon.run()
    }

    private static func word(_ news: DaemonNews) -> String {
        switch news {
        case .updated(let report): "updated to \(report.installed.map { "\($0.version)" } ?? "nothing")"
        case .waits(let held): "\(held.release.version) waits for \(held.waiting.reason.rawValue)"
        case .failed(let fault, let state): "\(fault.codeText): \(state)"
        case .unexpected: "unexpected"
        case .reloaded: "reloaded"
        case .notReloaded(let error): "not reloaded: \((error as? any ReportableFault)?.codeText ?? "")"
        case .metricsNotServed(let error): "metrics: \((error as? any ReportableFault)?.codeText ?? "")"
        case .stopping: "stopping"
        }
    }
}

private struct Absent: RepositoryMirror {
    let name = "absent"

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        throw AgentFault(.targetUnavailable)
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        throw AgentFault(.targetUnavailable)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool { throw AgentFault(.targetUnavailable) }
}

private struct Surprise: Error {}

/// The machine stops when `current` is switched.
private struct NoSwitch: EffectObserver {
    func willPerform(_ effect: DurableEffect) throws(StorageFault) {
        if case .rename(_, let path) = effect, path.lastComponent?.string == "current" { throw FaultyStorage.crash }
    }
}

@Suite("The daemon")
struct DaemonTests {
    @Test("looks soon after its start and then with each poll, and says when it has installed something")
    func polls() throws {
        let scene = try Scene("1.0")
        scene.outside = [(.seconds(5000), { _ = try? $0.repository.add("1.1", Sample.second) })]
        try scene.run(for: .seconds(3 * 3600))
        #expect(scene.looks == [15, 3615, 7215])
        #expect(scene.said == ["updated to 1.0", "updated to 1.1", "stopping"])
        #expect(try scene.instance.wholeVersion() == "1.1")
        #expect(scene.waits.allSatisfy { $0 <= .seconds(900) })
        let told = scene.messages.filter { $0 != .alive }
        #expect(
            told == [.ready("nothing"), .status("1.0"), .status("1.0"), .status("1.1"), .stopping])
    }

    @Test("polls as often as the configuration says")
    func pollTime() throws {
        let scene = try Scene("1.0")
        scene.instance.configure = { $0.install.poll = 10 }
        scene.configuration = { [instance = scene.instance] in instance.configuration }
        try scene.run(for: .seconds(1300), atOnce: true)
        #expect(scene.looks == [0, 600, 1200])
    }

    @Test("looks again when what waits may go on, and installs it then")
    func waits() throws {
        let scene = try Scene("1.0")
        try scene.agent().instance.setHold(Hold(until: RepositorySimulator.now + 615, reason: "not now"))
        try scene.run(for: .seconds(3600))
        #expect(scene.looks == [15, 645])
        #expect(scene.said == ["1.0 waits for hold", "updated to 1.0", "stopping"])
        #expect(try scene.instance.wholeVersion() == "1.0")
    }

    @Test("mirrors that are away are asked again later and later, and never more often than that")
    func failures() throws {
        let scene = try Scene("1.0")
        scene.instance.mirrors = [Absent()]
        scene.outside = [(.seconds(6000), { $0.instance.mirrors = nil })]
        try scene.run(for: .seconds(12_000))
        #expect(scene.looks == [15, 75, 195, 435, 915, 1875, 3795, 7395, 10_995])
        #expect(
            scene.said.prefix(7).allSatisfy {
                $0 == "agent/target-unavailable: nothing was changed; nothing is installed"
            })
        #expect(scene.said.suffix(2) == ["updated to 1.0", "stopping"])
        #expect(try scene.agent().status().lastError == nil)
    }

    @Test("an error of no known kind is said and ends nothing")
    func surprise() throws {
        let scene = try Scene("1.0")
        scene.instance.adjust = { $0.freeBytes = { _ in throw Surprise() } }
        try scene.run(for: .seconds(100))
        #expect(scene.said == ["unexpected", "unexpected", "stopping"])
    }

    @Test("a clock that is set back by years does not stop it", arguments: [-1e9, 1e6])
    func jump(shift: Double) throws {
        let scene = try Scene("1.0")
        try scene.agent().instance.setHold(Hold(until: RepositorySimulator.now + 1000, reason: "not now"))
        scene.outside = [(.seconds(100), { $0.shift = shift })]
        try scene.run(for: .seconds(2 * 3600))
        #expect(scene.looks.count >= 2 && scene.looks.count <= 8)
        #expect(scene.waits.allSatisfy { $0 <= .seconds(900) && $0 > .zero })
    }

    @Test("a new configuration is taken over between looks; one that is of no use is refused and the old one stays")
    func reload() throws {
        let scene = try Scene("1.0")
        let old = scene.instance.configuration
        var new = old
        new.install.poll = 5
        scene.outside = [
            (
                .seconds(100),
                { scene in
                    scene.configuration = { throw SettingsFault(.invalid, at: "agent.yaml line 3") }
                    scene.reloads = true
                }
            ),
            (
                .seconds(200),
                { [new] scene in
                    scene.configuration = { new }
                    scene.reloads = true
                }
            ),
        ]
        try scene.run(for: .seconds(1000))
        #expect(scene.said == ["updated to 1.0", "not reloaded: settings/invalid", "reloaded", "stopping"])
        #expect(scene.looks == [15, 215, 515, 815])
        let told = scene.messages.filter { $0 == .reloading || $0 == .ready("1.0") }
        #expect(told == [.reloading, .ready("1.0"), .reloading, .ready("1.0")])
    }

    @Test(
        "serves its numbers where the configuration says, moves them, and keeps the old place where the new one is taken"
    )
    func metrics() throws {
        let scene = try Scene("1.0")
        scene.instance.configure = { $0.metrics.listen = ListenAddress("127.0.0.1:1") }
        scene.configuration = { [configuration = scene.instance.configuration] in configuration }
        func moved(to address: String) -> (Scene) -> Void {
            { scene in
                scene.instance.configure = { $0.metrics.listen = ListenAddress(address) }
                scene.configuration = { [configuration = scene.instance.configuration] in configuration }
                scene.reloads = true
            }
        }
        var places: [String?] = []
        scene.occupied = ["127.0.0.1:3"]
        scene.outside = [
            (.seconds(100), moved(to: "127.0.0.1:2")),
            (.seconds(200), { places.append($0.served) }), (.seconds(201), moved(to: "127.0.0.1:3")),
            (.seconds(300), { places.append($0.served) }),
        ]
        try scene.run(for: .seconds(400))
        #expect(places == ["127.0.0.1:2", "127.0.0.1:2"])
        #expect(scene.said == ["updated to 1.0", "reloaded", "not reloaded: agent/occupied", "stopping"])
        // At the start it is a fault.
        #expect(code { try scene.run(for: .seconds(1)) } == "agent/occupied")
    }

    @Test("says so, and goes on, when its numbers cannot be served any more")
    func metricsLost() throws {
        let scene = try Scene("1.0")
        scene.instance.configure = { $0.metrics.listen = ListenAddress("127.0.0.1:1") }
        scene.configuration = { [configuration = scene.instance.configuration] in configuration }
        scene.outside = [
            (.seconds(20), { $0.occupied = ["127.0.0.1:1"] }), (.seconds(4000), { $0.occupied = [] }),
        ]
        try scene.run(for: .seconds(8000))
        #expect(scene.said == ["updated to 1.0", "metrics: agent/occupied", "stopping"])
        #expect(scene.looks == [15, 3615, 7215])
    }

    @Test("begins only with a configuration that is of use")
    func noConfiguration() throws {
        let scene = try Scene("1.0")
        scene.configuration = { throw SettingsFault(.invalid, at: "agent.yaml line 3") }
        #expect(code { try scene.run(for: .seconds(1)) } == "settings/invalid")
        #expect(scene.messages == [])
    }

    @Test("gives a sign of life twice in the service manager's time")
    func watchdog() throws {
        let scene = try Scene("1.0")
        scene.watchdogLimit = .seconds(60)
        try scene.run(for: .seconds(3600))
        #expect(scene.waits.allSatisfy { $0 <= .seconds(30) })
        #expect(scene.messages.filter { $0 == .alive }.count >= 120)
    }

    @Test("goes on at once with an update that was interrupted")
    func interrupted() throws {
        let scene = try Scene("1.0", "1.1")
        _ = try scene.agent().update(to: Version("1.0"))
        scene.instance.adjust = { $0.storage = DurableStorage(observer: NoSwitch()) }
        #expect(code { try scene.agent().update() } == "storage/failed")
        scene.instance.adjust = { _ in }
        try scene.run(for: .seconds(1))
        #expect(scene.looks == [0])
        #expect(try scene.instance.wholeVersion() == "1.1")
    }
}
