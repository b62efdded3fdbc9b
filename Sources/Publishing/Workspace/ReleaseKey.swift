import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

extension Root {
    /// Names the release key that the policy wishes for, or none; the key's public half is `Keys/NAME.pub`.
    ///
    /// Call it when all other keys are in this root: the release key has to be another than any of them, since what it
    /// signs is no metadata and its secret half lies on a machine that packs.
    package mutating func setReleaseKey(_ policy: Policy, in workspace: Workspace) throws {
        guard let name = policy.releaseKey else { return setReleaseKey(nil) }
        let file = try KeyStorage(workspace.storage).loadPublicKeyFile(workspace.publicKey(name))
        if let other = keys.first(where: { $0.value.identity == file.publicKey.identity }) {
            throw PublishingFault(
                .duplicateKeyholder, found: "one key as \(name) and as \(KeyholderName.of(other.key, other.value))",
                expected: "a release key of its own", at: workspace.policyFile.string)
        }
        setReleaseKey(file.publicKey)
    }
}

extension Workspace {
    /// The release key's file: the one named, else the one remembered on this machine.
    package func loadReleaseKeyFile(named path: FilePath?) throws -> KeyFile {
        guard let path = try path ?? remembered(in: releaseKeyNote, .noReleaseKey) else {
            throw PublishingFault(.noReleaseKey, at: releaseKeyNote.string)
        }
        return try KeyStorage(storage).loadKeyFile(path)
    }

    /// Remembers where the release key is, as an absolute path, so that `release add` finds it.
    package func rememberReleaseKey(_ path: FilePath) throws { try remember(path, in: releaseKeyNote) }
}
