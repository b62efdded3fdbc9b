import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

extension Workspace {
    private static let pathLimit = 16 << 10

    /// The online key's file: the one named, else the one remembered on this machine. While the key is being replaced
    /// two are remembered, and `root` says which of them signs: the published one until the next is published.
    package func loadOnlineKeyFile(named path: FilePath?, for root: @autoclosure () throws -> Root?) throws -> KeyFile {
        let keys = KeyStorage(storage)
        if let path { return try keys.loadKeyFile(path) }
        let paths = try rememberedAll(in: onlineKeyNote)
        guard let first = paths.first else { throw PublishingFault(.noOnlineKey, at: onlineKeyNote.string) }
        guard paths.count > 1, let keyIDs = try root()?.signers(of: .timestamp).keyIDs else {
            return try keys.loadKeyFile(first)
        }
        // One of them may be gone from this machine: the former key, once it has been replaced.
        let fitting = paths.lazy.compactMap { try? keys.loadKeyFile($0) }
            .first { keyIDs.contains($0.publicKey.computedID) }
        return try fitting ?? keys.loadKeyFile(first)
    }

    /// Where the online key is that was remembered last, and how it is kept; nil when none is known on this machine.
    package func rememberedOnlineKey() throws -> (path: FilePath, holding: KeyHolding)? {
        guard let path = try rememberedAll(in: onlineKeyNote).last else { return nil }
        return (path, try KeyStorage(storage).loadKeyFile(path).holding)
    }

    /// Remembers where the online key is, as an absolute path, so that `publish` finds it.
    package func rememberOnlineKey(_ path: FilePath) throws {
        guard try !rememberedAll(in: onlineKeyNote).contains(path) else { return }
        try remember([path], in: onlineKeyNote)
    }

    /// Remembers where the key is that will be the online key, beside the one that still is.
    func rememberNextOnlineKey(_ path: FilePath) throws { try rememberNext(path, in: onlineKeyNote) }

    // MARK: notes of this machine

    func remember(_ path: FilePath, in note: FilePath) throws { try remember([path], in: note) }

    /// Beside the one that was remembered last.
    func rememberNext(_ path: FilePath, in note: FilePath) throws {
        let others = try rememberedAll(in: note).filter { $0 != path }
        try remember(others.suffix(1) + [path], in: note)
    }

    private func remember(_ paths: [FilePath], in note: FilePath) throws {
        let bytes = Array(paths.map { "\($0.string)\n" }.joined().utf8)
        if try storage.readIfPresent(note, limit: Self.pathLimit) == bytes { return }
        try storage.write(bytes, to: note, mode: .privateFile)
    }

    func rememberedAll(in note: FilePath) throws -> [FilePath] {
        let bytes = try storage.readIfPresent(note, limit: Self.pathLimit) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { FilePath(String($0)) }
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
