import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage

/// The log key's file on this machine. What the log has signed is remembered beside it, and never in the workspace: a
/// workspace may be set back, and a log must not be.
package struct LogKeyFile: Sendable {
    package let file: KeyFile
    /// Absolute, unless the person named it otherwise.
    package let path: FilePath

    package init(_ file: KeyFile, at path: FilePath) {
        self.file = file
        self.path = path
    }

    /// The folder of the log's state: made when the log is first used.
    package var state: FilePath { Self.state(of: path) }

    static func state(of path: FilePath) -> FilePath { FilePath(path.string + ".state") }
}

extension Workspace {
    /// The log key's file: the one named, else the one remembered on this machine. While the log moves to another key two
    /// are remembered.
    ///
    /// Throws `.noLogKey` when none is known, `.wrongLogKey` when `publicKey` is given and it is another.
    ///
    /// - Parameter publicKey: the Ed25519 key of the log meant, 32 bytes; nil: the last that was remembered.
    package func loadLogKeyFile(named path: FilePath?, for publicKey: [UInt8]? = nil) throws -> LogKeyFile {
        let keys = KeyStorage(storage)
        let paths = try path.map { [$0] } ?? rememberedAll(in: logKeyNote)
        guard let last = paths.last else { throw PublishingFault(.noLogKey, at: logKeyNote.string) }
        // One of several may be gone from this machine: the former key, once the log has moved.
        let known =
            paths.count == 1
            ? []
            : paths.reversed().compactMap { path in
                (try? keys.loadKeyFile(path)).map { LogKeyFile($0, at: path) }
            }
        if let fitting = known.first(where: { publicKey == nil || $0.file.publicKey.material == publicKey }) {
            return fitting
        }
        let found = LogKeyFile(try keys.loadKeyFile(last), at: last)
        guard publicKey == nil || found.file.publicKey.material == publicKey else {
            throw PublishingFault(
                .wrongLogKey, found: "\(found.file.name) \(found.file.publicKey.computedID.short)", at: last.string)
        }
        return found
    }

    /// Remembers where the log key is, as an absolute path, so that `publish` finds it.
    package func rememberLogKey(_ path: FilePath) throws {
        guard try !rememberedAll(in: logKeyNote).contains(path) else { return }
        try rememberNext(path, in: logKeyNote)
    }
}
