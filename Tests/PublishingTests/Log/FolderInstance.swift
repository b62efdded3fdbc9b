import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Updating

/// A real agent, which requires the log and waits for nothing, on what an association has live.
struct FolderInstance {
    private let folder: TemporaryFolder

    /// Pins the root of the association as it is now.
    init(of association: Association) throws {
        folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        let root = try DurableStorage().read(association.workspace.anchor, limit: MetadataLimits().rootLength)
        _ = try agent(association).initialise(root: root, fingerprint: nil)
    }

    func agent(_ association: Association) throws -> Agent {
        var configuration = AgentConfiguration(
            product: try ProductName("suite"), channel: try ChannelName("stable"), mirrors: ["https://unused.invalid/"],
            prefix: folder.path("prefix"), state: folder.path("state"))
        configuration.log.holdBack = HoldBack(critical: 0, important: 0, otherwise: 0)
        return Agent(
            configuration,
            ports: AgentPorts(
                storage: DurableStorage(), now: association.now,
                mirrors: [FolderMirror(releases: association.workspace.releases)], agentVersion: try Version("0.1.0")))
    }

    /// The version that is installed after an update.
    func update(_ association: Association) throws -> String? {
        _ = try agent(association).update()
        return try installed()
    }

    /// Why an update is refused; nil when it is not.
    func refusal(_ association: Association) throws -> String? {
        do { _ = try agent(association).update() } catch let fault as any ReportableFault { return fault.codeText }
        return nil
    }

    func installed() throws -> String? {
        try DurableStorage().linkTarget(folder.path("prefix/current")).map { String($0.dropFirst("versions/".count)) }
    }

    /// The version of the root that it trusts after the pinned one; nil when there is none.
    func newRoot() throws -> Int? {
        let file = folder.path("state/metadata/root.json")
        guard let bytes = try DurableStorage().readIfPresent(file, limit: 1 << 20) else { return nil }
        return try UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: MetadataLimits()).content.header
            .version
    }
}

/// `Releases/` as a mirror would serve it.
private struct FolderMirror: RepositoryMirror {
    let releases: FilePath
    let name = "folder"

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        try DurableStorage().readIfPresent(releases.appending("metadata").appending(name), limit: limit)
            .map { .bytes($0) } ?? .absent
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        let file = Workspace.file(path, below: releases.appending("targets"))
        try DurableStorage().write(DurableStorage().read(file, limit: length), to: partial)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        let file = Workspace.file(path, below: releases.appending("log"))
        guard let bytes = try DurableStorage().readIfPresent(file, limit: offset + limit) else { return false }
        try Array(bytes.dropFirst(offset)).withUnsafeBytes(sink)
        return true
    }
}
