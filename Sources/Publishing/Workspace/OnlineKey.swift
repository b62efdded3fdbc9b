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
    package func rememberOnlineKey(_ path: FilePath) throws {
        let bytes = Array("\(path.string)\n".utf8)
        if try storage.readIfPresent(onlineKeyNote, limit: Self.pathLimit) == bytes { return }
        try storage.write(bytes, to: onlineKeyNote, mode: .privateFile)
    }

    private func rememberedOnlineKey() throws -> FilePath {
        guard let bytes = try storage.readIfPresent(onlineKeyNote, limit: Self.pathLimit) else {
            throw PublishingFault(.noOnlineKey, at: onlineKeyNote.string)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let line = text.split(separator: "\n").first else {
            throw PublishingFault(.noOnlineKey, found: "an empty file", at: onlineKeyNote.string)
        }
        return FilePath(String(line))
    }
}
