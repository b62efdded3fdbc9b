import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import SystemPackage

/// How the secret key of a log is kept that begins. The log is signed where the online key signs, so its key is kept as
/// that one is, unless something else is said.
struct NewLogKeyOptions: ParsableArguments {
    @OptionGroup var passphrase: LogPassphraseOption

    @Flag(help: "Do not encrypt a new log key (default: as the online key is kept).")
    var logUnencrypted = false

    func validate() throws {
        guard !logUnencrypted || passphrase.logPassphraseFile == nil else {
            throw ValidationError("--log-unencrypted and --log-passphrase-file exclude each other")
        }
    }

    /// The key that stands at `path`, or else a new one for there, which is not written yet.
    ///
    /// - Parameters:
    ///   - path: absolute.
    ///   - online: how the online key is kept; nil when that is not known here.
    func load(_ path: FilePath, name: () throws -> KeyName, online: KeyHolding?) throws -> NewLogKey {
        let storage = DurableStorage()
        guard try storage.info(path) == nil else {
            return NewLogKey(PublicKeyFile(try KeyStorage(storage).loadKeyFile(path)), at: path)
        }
        let name = try name()
        // Before anybody is asked for a passphrase.
        try KeyStorage(storage).checkFree(path, path.removingLastComponent().appending("\(name).pub"))
        let isPlain = logUnencrypted || (online == .plainFile && passphrase.logPassphraseFile == nil)
        let passphrase = isPlain ? nil : try passphrase.loadNew(for: name)
        let key = try SecretKey.generate(name: name)
        return NewLogKey(
            try passphrase.map { try KeyFile(key, passphrase: $0) } ?? KeyFile(unencrypted: key), at: path)
    }
}

extension NewLogKey {
    /// For people: that a key was made, and what to do with it. Nothing when there was one.
    var text: [String] {
        guard let file, let path else { return [] }
        let how = file.holding == .plainFile ? "NOT encrypted" : "encrypted with the passphrase"
        return [
            "made the log key \(path.string) (mode 0600, \(how)): nobody can make another for this log, so keep a copy"
        ]
    }
}

extension FilePath {
    /// Beside the online key: where the log key of a product is, unless it is named.
    static func logKey(_ product: ProductName, besideOnlineKey path: FilePath) -> FilePath {
        path.removingLastComponent().appending("\(product)-log.\(KeyFile.fileExtension)")
    }
}

extension Workspace {
    /// A file with witnesses, groups and quorum.
    static func loadWitnesses(_ path: FilePath) throws -> ByteString {
        ByteString(try DurableStorage().read(path, limit: WitnessPolicyFile.byteLimit))
    }
}
