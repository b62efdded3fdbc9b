import DurableStorage
import FoundationEssentials
import Primitives
import SecretKeys
import Signatures
import TUF

/// Makes what the online key signs: the next snapshot and the next timestamp.
struct OnlineMetadata {
    private let staging: Staging
    private let policy: Policy
    private let signer: any Signer
    private let now: Date

    /// Throws when the key is not the one that root lets sign both roles.
    init(_ staging: Staging, policy: Policy, signer: any Signer, now: Date) throws(PublishingFault) {
        let keyID = signer.publicKey.computedID
        for role in [RoleName.snapshot, .timestamp] {
            guard let signers = staging.root?.signers(of: role), signers.keyIDs.contains(keyID),
                signers.keys[keyID] == signer.publicKey
            else {
                let expected = staging.root?.signers(of: role).keyIDs.map(\.short).joined(separator: ", ")
                throw PublishingFault(
                    .wrongOnlineKey, found: "\(KeyholderName.of(keyID, signer.publicKey)) \(keyID.short)",
                    expected: expected, at: "\(role)")
            }
        }
        self.staging = staging
        self.policy = policy
        self.signer = signer
        self.now = now
    }

    /// Snapshot and timestamp that put `signed` files in the place of those published.
    func publishing(_ signed: [(role: RoleName, version: Int, bytes: [UInt8])]) throws -> [PublicationSet.File] {
        var meta = staging.published.snapshot?.content.meta ?? [:]
        for file in signed where file.role != .root {
            meta[file.role.metaName] = MetaFile(version: file.version, facts: FileFacts(of: file.bytes))
        }
        let snapshot = try makeSnapshot(meta)
        return [snapshot.file, try makeTimestamp(snapshot.meta)]
    }

    /// A new timestamp; and a new snapshot too when less than half of its life is left.
    func refreshing() throws -> [PublicationSet.File] {
        guard let snapshot = staging.published.snapshot, let timestamp = staging.published.timestamp else {
            throw PublishingFault(.nothingPublished)
        }
        let halfLife = Double(policy.snapshot.expiresDays) * 86400 / 2
        guard snapshot.content.header.expires.timeIntervalSince(now) < halfLife else {
            return [try makeTimestamp(timestamp.content.snapshot)]
        }
        let renewed = try makeSnapshot(snapshot.content.meta)
        return [renewed.file, try makeTimestamp(renewed.meta)]
    }

    /// A new timestamp over a snapshot that exists.
    func timestamp(over snapshot: [UInt8], version: Int) throws -> PublicationSet.File {
        try makeTimestamp(MetaFile(version: version, facts: FileFacts(of: snapshot)))
    }

    private func makeSnapshot(_ meta: [ByteString: MetaFile]) throws -> (file: PublicationSet.File, meta: MetaFile) {
        let version = staging.published.version(of: .snapshot) + 1
        let snapshot = Snapshot(
            header: PayloadHeader(version: version, expires: policy.snapshot.expiry(from: now)), meta: meta)
        let bytes = try sign(SignedFile(snapshot))
        let file = PublicationSet.File(name: RoleName.snapshot.fileName(version: version), bytes: bytes)
        return (file, MetaFile(version: version, facts: FileFacts(of: bytes)))
    }

    private func makeTimestamp(_ snapshot: MetaFile) throws -> PublicationSet.File {
        let version = staging.published.version(of: .timestamp) + 1
        let timestamp = Timestamp(
            header: PayloadHeader(version: version, expires: policy.timestamp.expiry(from: now)), snapshot: snapshot)
        return PublicationSet.File(name: PublicationSet.timestampName, bytes: try sign(SignedFile(timestamp)))
    }

    private func sign(_ file: SignedFile) throws -> [UInt8] {
        var file = file
        file.signatures[signer.publicKey.computedID] = try signer.sign(file.signedBytes)
        return file.bytes
    }
}
