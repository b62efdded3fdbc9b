import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import Updating

extension Association {
    /// 1.0 is live, signed by alice and bob; dave, erin and another online key are at hand.
    static let released = Result {
        var association = try Association()
        try association.release("1.0")
        for name in ["dave", "erin", "online-2"] { association.keys[name] = try key(name) }
        return association
    }

    static func releasedCopy() throws -> Association {
        try released.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
    }

    func publicFile(_ name: String) throws -> PublicKeyFile { Self.publicFile(try key(name)) }

    @discardableResult
    func propose(
        storage: DurableStorage = DurableStorage(), _ wish: (inout ProposalRequest) throws -> Void = { _ in }
    ) throws -> RootProposal.Result {
        var request = ProposalRequest()
        try wish(&request)
        return try RootProposal(workspace: workspace(storage), now: now).propose(request)
    }

    /// Each of them signs what is theirs to sign, if anything is.
    func signAsFarAsPossible(_ names: [String]) throws {
        for name in names {
            do { try sign(name) } catch let fault as PublishingFault where fault.code == .notASigner {}
        }
    }

    /// `root 2`, `suite-stable 1`, …
    func stagedRoles() throws -> [String] {
        try Staging.load(workspace).roles.map { "\($0.role) \($0.version)" }
    }

    func anchor() throws -> [UInt8] { try #require(try folder.read("w/Keys/root.json")) }
}

/// An instance that keeps its metadata from one refresh to the next.
struct HoldingInstance {
    let store = MemoryMetadataStore()
    let pinnedRoot: [UInt8]

    func updater(for association: Association, folder: FilePath? = nil) throws -> MetadataUpdater {
        try MetadataUpdater(
            pinnedRoot: pinnedRoot, store: store,
            fetcher: FolderMetadataFetcher(folder ?? association.workspace.liveMetadata),
            referenceTime: association.now)
    }

    /// The newest version of the channel that it is offered, after a refresh.
    @discardableResult
    func refresh(
        from association: Association, folder: FilePath? = nil, channel: RoleName = "suite-stable"
    ) throws -> String? {
        var updater = try updater(for: association, folder: folder)
        try updater.refresh()
        let targets = try #require(updater.trusted.targets)
        let content = try updater.delegated(channel, by: targets).content
        return ListedRelease.all(in: content).last.map { "\($0.facts.version)" }
    }
}

enum ChannelNames {
    static func beta() throws -> ChannelName { try ChannelName("beta") }
}
