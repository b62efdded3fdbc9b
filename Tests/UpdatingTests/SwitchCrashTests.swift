import DurableStorage
import Primitives
import Processes
import Releases
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What a machine has besides files: data of some schema, services that run some release, and a lock shared with others.
/// It stays as it was when the agent is stopped.
private final class Machine {
    var schema = "nothing"
    var running: String?
    var isLocked = false
    /// Programs that say no, such as `1.1 health`.
    var refusing: Set<String> = []
    var wrongs: [String] = []
    private let current: () -> String?

    init(current: @escaping () -> String?) {
        self.current = current
    }

    func run(_ request: ProcessRequest) -> ProcessResult {
        let words = [request.executable.string] + request.arguments
        let isRefused: Bool
        if let tree = request.environment["SCEAU_TREE"], words[0].hasPrefix(tree) {
            isRefused = hook(last(words[0]), last(tree))
        } else {
            isRefused = command(words[0])
        }
        return ProcessResult(outcome: .exited(isRefused ? 1 : 0))
    }

    private func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

    private func hook(_ name: String, _ version: String) -> Bool {
        if !isLocked { wrongs.append("\(version) \(name) without the lock") }
        if refusing.contains("\(version) \(name)") { return true }
        switch name {
        case "migrate", "undo":
            if let running { wrongs.append("\(version) \(name) while \(running) runs") }
            schema = name == "migrate" ? version : "1.0"
        case "post", "health":
            if running != current() { wrongs.append("\(version) \(name) while \(running ?? "nothing") runs") }
        default: break
        }
        return false
    }

    private func command(_ name: String) -> Bool {
        switch name {
        case "/take": isLocked = true
        case "/give-back":
            if !isLocked { wrongs.append("gave back a lock that it had given back") }
            isLocked = false
        case "/start":
            running = current()
            if running != schema { wrongs.append("\(running ?? "nothing") was started on data of \(schema)") }
        case "/stop": running = nil
        default: wrongs.append("unknown command \(name)")
        }
        return false
    }
}

/// The machine stops at every durable effect of a run with programs around the switch.
@Suite struct SwitchCrashTests {
    enum Case: CaseIterable, Sendable {
        /// All goes well.
        case good
        /// The health check says no: it is taken back by itself.
        case ill
        /// The administrator goes back.
        case revert
    }

    private static func machine(_ instance: inout TestInstance) -> Machine {
        let link = instance.folder.path("prefix/current")
        let machine = Machine { (try? DurableStorage().linkTarget(link))??.split(separator: "/").last.map(String.init) }
        instance.configure = {
            $0.services.through = .commands
            ($0.services.start, $0.services.stop) = (["/start"], ["/stop"])
            ($0.install.lock.take, $0.install.lock.giveBack) = (["/take"], ["/give-back"])
        }
        var slept = Duration.zero
        instance.adjust = {
            $0.processes = { machine.run($0) }
            $0.elapsed = { slept }
            $0.sleep = { slept += $0 }
        }
        return machine
    }

    private static func template(_ test: Case) throws -> TestInstance {
        let repository = try ReleaseRepository()
        try HookedRelease("1.0").add(to: repository)
        var instance = try TestInstance(repository, in: TemporaryFolder(in: TemporaryFolder.inMemory))
        _ = machine(&instance)
        try instance.initialise()
        _ = try instance.agent().update()
        try HookedRelease("1.1").add(to: repository)
        if test == .revert { _ = try instance.agent().update() }
        return instance
    }

    @Test(
        "stopped anywhere, the next runs leave one release, with its data, its services and without the lock",
        arguments: Case.allCases, CrashTests.losses)
    func everywhere(_ test: Case, losing loss: FaultyStorage.Loss) throws {
        let template = try Self.template(test)
        let (old, end) = test == .revert ? ("1.1", "1.0") : ("1.0", test == .good ? "1.1" : "1.0")
        var machine: Machine?
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            var instance = try CrashTests.copy(template, to: folder)
            let fresh = Self.machine(&instance)
            (fresh.schema, fresh.running) = (old, old)
            if test == .ill { fresh.refusing = ["1.1 health"] }
            machine = fresh
            let agent = try instance.agent(storage)
            do {
                if test == .revert { _ = try agent.revert() } else { _ = try agent.update() }
            } catch let fault as AgentFault {
                #expect(test == .ill && fault.code == .reverted)
            }
        } afterwards: { folder, stop, finished in
            var instance = try TestInstance(template.repository, in: folder)
            let before = try #require(machine)
            let after = Self.machine(&instance)
            (after.schema, after.running, after.isLocked) = (before.schema, before.running, before.isLocked)
            (after.refusing, after.wrongs) = (before.refusing, before.wrongs)
            #expect(try ["1.0", "1.1"].contains(instance.wholeVersion()), "stop \(stop)")
            for _ in 0..<2 { _ = try? instance.agent().update() }
            if test == .revert { _ = try instance.agent().revert(to: Version("1.0")) }
            #expect(try instance.wholeVersion() == end, "stop \(stop)")
            #expect(after.schema == end, "stop \(stop)")
            #expect(after.running == end, "stop \(stop)")
            #expect(!after.isLocked, "stop \(stop)")
            // It may be given back twice, by contract.
            #expect(after.wrongs.filter { !$0.hasPrefix("gave back") } == [], "stop \(stop)")
            #expect(try instance.agent().instance.journalledState().step == nil, "stop \(stop)")
            if test != .good {
                #expect(try instance.agent().status().installed?.revertedFrom == (try Version("1.1")), "stop \(stop)")
                #expect(try instance.agent().update().release == nil, "stop \(stop)")
            }
        }
        #expect(stops > 40)
    }
}
