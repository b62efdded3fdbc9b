import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// A key that signs on one machine, and where its secret half is there.
package struct MachineKey: Sendable {
    package let publicHalf: PublicKeyFile
    /// Absolute.
    package let path: FilePath

    package init(_ publicHalf: PublicKeyFile, at path: FilePath) {
        self.publicHalf = publicHalf
        self.path = path
    }
}

extension Root {
    /// The release key as minisign knows it; nil when this root names none.
    func minisignKey() throws -> MinisignKey? { try releaseKey().flatMap { MinisignKey($0) } }
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

    /// Makes `Keys/minisign.pub` what `root` says: a file, or none.
    func writeMinisignKey(of root: Root) throws {
        guard let key = try root.minisignKey() else {
            if try storage.info(minisignKey) != nil { try storage.remove(minisignKey) }
            return
        }
        let limit = MinisignSignature.byteLimit
        if (try? storage.readIfPresent(minisignKey, limit: limit)) != key.encoded {
            try storage.write(key.encoded, to: minisignKey)
        }
    }

    /// Throws when `Keys/minisign.pub` holds another key than one of `roots`: people may have been given it.
    func checkMinisignKey(of roots: [Root]) throws {
        guard let bytes = try storage.readIfPresent(minisignKey, limit: MinisignSignature.byteLimit) else { return }
        guard try roots.contains(where: { try $0.minisignKey()?.encoded == bytes }) else {
            throw PublishingFault(
                .wrongReleaseKey, at: minisignKey.string,
                hint: "find out who changed it; then remove it, and sceau publish makes it anew from root")
        }
    }
}
