import Archiving
import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import Updating

/// An instance in a folder of its own, initialised with the root of a simulated repository.
struct TestInstance {
    let folder: TemporaryFolder
    let repository: ReleaseRepository
    var now = RepositorySimulator.now
    var mirrors: [any RepositoryMirror]?
    var habits = MirrorHabits()
    var freeBytes: ((FilePath) throws -> Int)?

    init(_ repository: ReleaseRepository, in folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        self.repository = repository
        log.isRequired = repository.log != nil
        log.holdBack = HoldBack(critical: 0, important: 0, otherwise: 0)
    }

    /// What this instance asks of the log: nothing where there is none, and no waiting, unless a test says otherwise.
    var log = LogSettings()

    /// Last changes of what the administrator wrote, and of what the agent runs with.
    var configure: (inout AgentConfiguration) -> Void = { _ in }
    var adjust: (inout AgentPorts) -> Void = { _ in }

    var limits = ReleaseSizeLimits()
    var prefers = PreferredDelivery.patch

    var configuration: AgentConfiguration {
        var configuration = AgentConfiguration(
            product: repository.paths.product, channel: repository.paths.channel, mirrors: ["https://unused.invalid/"],
            prefix: folder.path("prefix"), state: folder.path("state"))
        configuration.log = log
        configuration.limits = limits
        configuration.prefers = prefers
        configure(&configuration)
        return configuration
    }

    func agent(_ storage: DurableStorage = DurableStorage()) throws -> Agent {
        repository.storage = storage
        var ports = AgentPorts(
            storage: storage, now: now, mirrors: mirrors ?? [repository], agentVersion: try Version("0.1.0"))
        ports.habits = habits
        if let freeBytes { ports.freeBytes = freeBytes }
        adjust(&ports)
        return Agent(configuration, ports: ports)
    }

    @discardableResult
    func initialise() throws -> TrustAnchor {
        try agent().initialise(root: repository.rootBytes, fingerprint: nil)
    }

    /// The version `current` names, after a check that the tree there is that release, whole.
    func wholeVersion() throws -> String? {
        let storage = DurableStorage()
        guard let target = try storage.linkTarget(folder.path("prefix/current")) else { return nil }
        let version = String(target.dropFirst("versions/".count))
        let release = try #require(repository.releases[version])
        let differences = try TreeVerifier().verify(
            folder.path("prefix/versions/\(version)"), against: release.listing,
            with: try release.manifest.sharedLinks(in: release.listing))
        #expect(differences == [])
        return version
    }

    /// The versions of the trusted metadata, by role.
    func trustedVersions() throws -> [String: Int] {
        let storage = DurableStorage()
        var versions: [String: Int] = [:]
        for role in RoleName.topLevel + [ReleaseRepository.role] {
            let file = folder.path("state/metadata/\(role.fileName)")
            guard let bytes = try storage.readIfPresent(file, limit: 1 << 20) else { continue }
            let signed = try JSONReader(try JSONValue.decode(bytes), at: "\(role)").field("signed")
            versions[role.description] = try signed.field("version").integer(in: 1...Int64.max)
        }
        return versions
    }

    /// What is remembered of the log.
    func rememberedLog() throws -> RememberedLog? {
        let folders = InstanceFolders(configuration)
        return try Instance(folders: folders, storage: DurableStorage()).rememberedLog()
    }

    func names(in path: String) throws -> [String] {
        let folder = folder.path(path)
        return try DurableStorage().info(folder) == nil ? [] : DurableStorage().list(folder)
    }
}

/// Two releases of a small mail suite; the second changes, adds and removes files.
enum Sample {
    static let first = ["bin/serve": "serve 1", "etc/default.conf": "port 25", "share/doc/old": "to go"]
    static let second = ["bin/serve": "serve 2", "etc/default.conf": "port 25", "share/doc/new": "here now"]
    static let third = ["bin/serve": "serve 3"]
}

/// The code of the fault that `body` throws; nil when it throws none.
func code(_ body: () throws -> some Any) -> String? {
    do {
        _ = try body()
        return nil
    } catch let fault as any ReportableFault {
        return fault.codeText
    } catch {
        return "\(error)"
    }
}
