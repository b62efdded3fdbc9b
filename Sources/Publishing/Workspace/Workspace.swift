import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// The association's folder: `Keys/` (public halves and policy), `Releases/` (what the world sees) and `Staged/` (what
/// waits for signatures). Says where things stand, and nothing about whether they are to be believed.
package struct Workspace: Sendable {
    package let root: FilePath
    package let storage: DurableStorage

    package init(at root: FilePath, storage: DurableStorage) {
        self.root = root
        self.storage = storage
    }

    // MARK: Keys

    package var keys: FilePath { root.appending("Keys") }
    package var policyFile: FilePath { keys.appending("policy.yaml") }
    /// The trust anchor that instances are given: the first root.
    package var anchor: FilePath { keys.appending("root.json") }
    /// Where the online key's file is on this machine, as one line of text. Never shared, never published.
    package var onlineKeyNote: FilePath { keys.appending(".online-key") }
    /// Likewise where the release key's file is.
    package var releaseKeyNote: FilePath { keys.appending(".release-key") }
    /// Likewise where the log key's file is.
    package var logKeyNote: FilePath { keys.appending(".log-key") }
    /// The release key's public half as minisign reads it, for handing out. Made from root, and nothing reads it here.
    package var minisignKey: FilePath { keys.appending("\(KeyholderName.reserved).pub") }
    package func publicKey(_ name: String) -> FilePath { keys.appending("\(name).pub") }

    // MARK: Releases

    package var releases: FilePath { root.appending("Releases") }
    package var liveMetadata: FilePath { releases.appending("metadata") }
    package var liveTargets: FilePath { releases.appending("targets") }

    // MARK: Staged

    package var staged: FilePath { root.appending("Staged") }
    package var stagedMetadata: FilePath { staged.appending("metadata") }
    package var stagedSignatures: FilePath { staged.appending("signatures") }
    package var stagedTargets: FilePath { staged.appending("targets") }
    /// Where a release is packed before it is staged.
    var packing: FilePath { staged.appending("packing") }
    /// A publication that was checked and decided upon; it is finished before anything else is done.
    var publication: FilePath { staged.appending("publication") }
    var publicationBeingBuilt: FilePath { staged.appending("publication.building") }
    var publicationDone: FilePath { staged.appending("publication.done") }

    /// `path` below `folder`, where a target of this path stands with consistent snapshots.
    package static func file(_ path: ByteString, below folder: FilePath) -> FilePath {
        // Whoever changes anything by such a path asks `isSafe` first.
        folder.appending(String(decoding: path.bytes, as: UTF8.self))
    }

    /// Whether a target path stays below its folder, and names nothing hidden. Metadata may have been staged elsewhere, by
    /// another tool; its paths become places in `Releases/`.
    static func isSafe(_ path: ByteString) -> Bool {
        path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") && !$0.contains(0) }
    }

    /// Throws unless this is a workspace that holds no secret key, and no link in what people exchange.
    package func check() throws {
        guard try storage.info(policyFile) != nil else { throw PublishingFault(.noWorkspace, at: root.string) }
        try checkHoldsNoLink()
        try checkHoldsNoSecretKey()
    }

    /// Whoever can push to the shared repository could lead a reader to a secret by a link, and a writer to files that are
    /// not ours.
    private func checkHoldsNoLink() throws {
        var pending = [keys, staged]
        while let path = pending.popLast() {
            switch try storage.info(path)?.kind {
            case .directory where path != packing: pending += try storage.list(path).map { path.appending($0) }
            case .link, .other: throw PublishingFault(.linkInWorkspace, at: path.string)
            case .file, .directory, nil: break
            }
        }
    }

    /// By name, and by what a file says it is.
    func checkHoldsNoSecretKey() throws {
        for folder in [keys, releases] where try storage.info(folder)?.kind == .directory {
            for name in try storage.list(folder) where try isSecretKey(folder.appending(name)) {
                throw PublishingFault(.secretKeyInWorkspace, at: folder.appending(name).string)
            }
        }
    }

    private func isSecretKey(_ path: FilePath) throws -> Bool {
        guard try storage.info(path)?.kind == .file else { return false }
        if path.extension == KeyFile.fileExtension { return true }
        return try KeyStorage(storage).saysItIsSecret(path)
    }

    /// Takes the workspace for one writing command; released with the value.
    package func lock() throws -> StorageLock {
        try storage.makeDirectory(staged)
        return try storage.lock(staged.appending(".lock"))
    }

    /// Throws when a publication is half done: nothing may be staged or signed beside it.
    package func checkNothingInterrupted() throws {
        guard try storage.info(publication) == nil else {
            throw PublishingFault(.interrupted, at: publication.string)
        }
    }
}
