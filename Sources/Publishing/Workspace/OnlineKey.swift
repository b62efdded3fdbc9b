import DurableStorage
import Primitives
import SecretKeys
import SystemPackage

extension Workspace {
    private static let pathLimit = 8192

    /// The online key's file: the one named, else the one remembered on this machine.
    package func loadOnlineKeyFile(named path: FilePath?) throws -> KeyFile {
        let keyPath: FilePath
        if let path { keyPath = path } else { keyPath = try rememberedOnlineKey() }
        return try KeyStorage(storage).loadKeyFile(keyPath)
    }

    /// Remembers where the online key is, as an absolute path, so that `publish` finds it.
    package func rememberOnlineKey(_ path: FilePath) throws { try remember(path, in: onlineKeyNote) }

    private func rememberedOnlineKey() throws -> FilePath {
        guard let path = try remembered(in: onlineKeyNote, .noOnlineKey) else {
            throw PublishingFault(.noOnlineKey, at: onlineKeyNote.string)
        }
        return path
    }

    // MARK: notes of this machine

    func remember(_ path: FilePath, in note: FilePath) throws {
        let bytes = Array("\(path.string)\n".utf8)
        if try storage.readIfPresent(note, limit: Self.pathLimit) == bytes { return }
        try storage.write(bytes, to: note, mode: .privateFile)
    }

    /// Nil when there is no note; throws `code` when there is nothing in it.
    func remembered(in note: FilePath, _ code: PublishingFaultCode) throws -> FilePath? {
        guard let bytes = try storage.readIfPresent(note, limit: Self.pathLimit) else { return nil }
        guard let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first else {
            throw PublishingFault(code, found: "an empty file", at: note.string)
        }
        return FilePath(String(line))
    }
}
