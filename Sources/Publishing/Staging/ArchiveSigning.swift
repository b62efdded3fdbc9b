import DurableStorage
import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// Signs archives with the release key, for everyone without these tools.
struct ArchiveSigning {
    private let signer: any Signer
    private let key: MinisignKey

    /// Nil when `root` names no release key and none is given.
    ///
    /// Throws `.noReleaseKey` when root names one and none is given, `.wrongReleaseKey` when it is not the one given.
    init?(_ signer: (any Signer)?, root: Root?) throws {
        let named = try root?.releaseKey()
        guard let signer else {
            guard let named else { return nil }
            throw PublishingFault(.noReleaseKey, expected: named.name.map { "\($0)" })
        }
        guard let named else {
            throw PublishingFault(
                .wrongReleaseKey, found: signer.publicKey.name.map { "\($0)" }, expected: "none, as root names none",
                hint: "name it in the policy as release_key, then run sceau root propose")
        }
        guard named.identity == signer.publicKey.identity, let key = MinisignKey(named) else {
            throw PublishingFault(
                .wrongReleaseKey, found: signer.publicKey.name.map { "\($0)" }, expected: named.name.map { "\($0)" })
        }
        self.signer = signer
        self.key = key
    }

    /// The archive's `.minisig`.
    func sign(_ archive: FilePath, of manifest: ReleaseManifest) throws -> [UInt8] {
        let hasher = BLAKE2bHasher()
        try ReadableFile(archive).forEachChunk { hasher.update($0) }
        return try MinisignSignature(
            digest: hasher.finish(), key: key,
            untrustedComment: ByteString("signature by the release key of \(manifest.product)"),
            trustedComment: manifest.minisigComment, sign: signer.sign
        ).encoded
    }
}
