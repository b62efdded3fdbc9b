import DurableStorage
import FoundationEssentials
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import TUF
import UpdatePlan

/// What the agent needs of the world besides its configuration.
package struct AgentPorts {
    package var storage: DurableStorage
    /// The time of this whole run (TUF 5.1).
    package var now: Date
    package private(set) var mirrors: [any RepositoryMirror]
    /// Warned of only where the one mirror is a bundle: nothing that comes over a network may be old.
    package private(set) var freshness = Freshness.required
    package var habits = MirrorHabits()
    /// The version of this agent, which a release may ask for.
    package var agentVersion: Version
    /// Bytes that may still be written to the file system that holds a path.
    package var freeBytes: (FilePath) throws -> Int
    /// Files and folders that may still be made there.
    package var freeEntries: (FilePath) throws -> Int
    /// Runs a program to its end.
    package var processes: (ProcessRequest) throws -> ProcessResult = { try ProcessRunner().run($0) }
    /// Builds a tree into a folder that does not exist, out of what came over the network; returns its listing. What stands
    /// there afterwards is the listed tree, read back where another process made it.
    package var build: (BuildOrder, TreeListing, DurableStorage) throws -> TreeListing = { try $0.perform($1, $2) }
    /// Called as soon as it is known that mirrors will be asked, and when there is nothing left to ask them.
    package var willAsk: () -> Void = {}
    package var hasAsked: () -> Void = {}
    /// Time that goes on evenly, from any beginning.
    package var elapsed: () -> Duration
    package var sleep: (Duration) -> Void
    /// So many bytes that nobody can guess.
    package var random: (Int) -> [UInt8] = { count in (0..<count).map { _ in UInt8.random(in: 0...255) } }
    package var progress: (AgentProgress) -> Void
    /// Asked before and during everything long before the lock is taken; true ends the run with `agent/stopped`. From the
    /// lock on a run goes through to its end: in between, services may be down.
    package var isStopping: () -> Bool = { false }
    /// The whole machine is being switched off: services do not start any more, and what programs need may be gone. Asked
    /// only when it is to stop, and something did not go well.
    package var isMachineStopping: () -> Bool = { false }
    /// Called between actions, and often during those that wait for a server or a program: the agent does not hang.
    package var pulse: () -> Void = {}
    /// This machine's name, for people.
    package var host = ProcessInfo.processInfo.hostName
    /// Told how old the metadata of a bundle is, before anything is installed by it.
    package var reportAge: (RepositoryAge) -> Void = { _ in }

    package init(
        storage: DurableStorage, now: Date, mirrors: [any RepositoryMirror], agentVersion: Version,
        progress: @escaping (AgentProgress) -> Void = { _ in }
    ) {
        self.storage = storage
        self.now = now
        self.mirrors = mirrors
        self.agentVersion = agentVersion
        self.progress = progress
        freeBytes = { try storage.freeBytes(at: $0) }
        freeEntries = { try storage.freeEntries(at: $0) }
        let start = ContinuousClock.now
        elapsed = { ContinuousClock.now - start }
        sleep = { Pause.sleep(for: $0) }
    }

    /// For an agent that asks nobody but `bundle`, which somebody carried here.
    package init(
        storage: DurableStorage, now: Date, bundle: BundleMirror, agentVersion: Version,
        progress: @escaping (AgentProgress) -> Void = { _ in }
    ) {
        self.init(storage: storage, now: now, mirrors: [bundle], agentVersion: agentVersion, progress: progress)
        freshness = .warned
    }
}

extension AgentPorts {
    /// Throws when the agent is to stop.
    func goOn() throws(AgentFault) {
        pulse()
        if isStopping() { throw AgentFault(.stopped) }
    }
}

/// What the agent is busy with, for people.
package enum AgentProgress: Hashable, Sendable {
    case refreshing
    /// Entries of the log read, of how many.
    case readingLog(Int, of: Int)
    /// Bytes here, of how many.
    case fetching(String, Int, of: Int)
    case building(Version)
    case verifying(Version)
    case checkingHealth(Version)
}

/// One product on one instance: everything that `sceau-agent` does.
package struct Agent {
    package let configuration: AgentConfiguration
    let ports: AgentPorts
    let instance: Instance

    package init(_ configuration: AgentConfiguration, ports: AgentPorts) {
        self.configuration = configuration
        self.ports = ports
        instance = Instance(folders: InstanceFolders(configuration), storage: ports.storage)
    }

    var folders: InstanceFolders { instance.folders }
    var storage: DurableStorage { ports.storage }

    /// The version that `current` names; nil when there is none, or that cannot be found out.
    package var linkedVersion: Version? { (try? instance.linkedVersion()) ?? nil }

    /// The state after a fault, for its message. `before` is `linkedVersion` from before the run.
    package func stateInWords(before: Version?, after fault: (any ReportableFault)? = nil) -> String {
        let now = linkedVersion
        // What was begun and ended otherwise than it should has run programs: not nothing was changed.
        if let code = (fault as? AgentFault)?.code, code == .reverted || code == .givenUp {
            return "\(now?.description ?? "nothing") is in use"
        }
        guard now == before else {
            return "the switch to \(now?.description ?? "nothing") has happened; the next run completes it"
        }
        return "nothing was changed; " + (now.map { "still on \($0)" } ?? "nothing is installed")
    }

    // MARK: what every run needs

    /// The root this instance was set up with.
    func pinnedRoot() throws -> [UInt8] {
        guard let bytes = try instance.readOwn(folders.pinnedRoot, limit: MetadataLimits().rootLength) else {
            guard try storage.info(folders.pinnedRoot) == nil else {
                throw AgentFault(.damagedRoot, at: folders.pinnedRoot.string)
            }
            throw AgentFault(.notInitialised, expected: folders.pinnedRoot.string)
        }
        do { _ = try TrustedMetadataSet(trustedRoot: bytes, referenceTime: ports.now) } catch {
            throw AgentFault(.damagedRoot, found: error.message, at: folders.pinnedRoot.string)
        }
        return bytes
    }

    var metadataStore: FileMetadataStore { FileMetadataStore(folder: folders.metadata, storage: storage) }

    /// - Parameters:
    ///   - installed: what hold-back is reckoned for.
    ///   - requested: the release the administrator asked for by name.
    ///   - accepted: fingerprint of what is to be used though the log does not vouch for it.
    func refresh(
        pinnedRoot: [UInt8], installed: Installation?, requested: Version? = nil, accepted: Digest? = nil
    ) throws -> RefreshedChannel {
        ports.progress(.refreshing)
        let choice = try choice(installed)
        let follower = LogFollower(
            settings: configuration.log, instance: instance, role: configuration.paths.role, now: ports.now,
            freshness: ports.freshness, accepted: accepted,
            candidates: { channel in
                let asked = channel.releases.filter { $0.version == requested }
                // What is installed already was public for long enough when it was.
                return (asked + choice.newer(of: channel.releases)).filter { $0.version != choice.installed }
            }, progress: ports.progress)
        let refresh = Refresh(
            pinnedRoot: pinnedRoot, store: metadataStore, paths: configuration.paths, time: ports.now,
            freshness: ports.freshness, log: configuration.log.isRequired ? follower : nil)
        let refreshed = try refresh.run(
            Mirrors(
                ports.mirrors.map { StoppableMirror(base: $0, goOn: ports.goOn) }, habits: ports.habits, now: ports.now,
                store: instance.mirrorStore))
        if ports.freshness == .warned { ports.reportAge(refreshed.age) }
        return refreshed
    }

    /// Runs `body` with the lock held; how it ends is remembered for `status`, and people are told.
    func exclusively<Result>(
        _ operation: AgentOperation, _ body: (_ pinnedRoot: [UInt8]) throws -> Result
    ) throws -> Result {
        // Where there is none, there is nobody to tell, and no folder for the lock. A damaged one people have to know of.
        if try storage.info(folders.pinnedRoot) == nil { _ = try pinnedRoot() }
        let lock = try storage.lock(folders.lock, naming: true)
        return try withExtendedLifetime(lock) {
            do {
                let result = try body(try pinnedRoot())
                try instance.clearLastError(after: operation)
                tell(operation, result as? any ToldReport)
                return result
            } catch let fault as AgentFault where fault.code == .stopped {
                throw fault
            } catch let fault as any ReportableFault {
                // What went wrong first is what a person needs to know; not what was typed wrong.
                if fault.family != .usage {
                    try? instance.keepLastError(LastError(fault, in: operation, at: ports.now), of: operation)
                }
                tell(operation, nil, fault)
                throw fault
            }
        }
    }
}
