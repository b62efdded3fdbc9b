import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage

/// Where a new key goes and how it is protected, whether it was generated or imported.
struct NewKeyOptions: ParsableArguments {
    @Option(help: "Where the secret key goes (default: NAME.key here).")
    var out: FilePath?

    @OptionGroup var passphrase: PassphraseOption

    @Flag(help: "Do not encrypt the secret key: for a machine that must sign on its own.")
    var unencrypted = false

    func validate() throws {
        guard !unencrypted || passphrase.file == nil else {
            throw ValidationError("--unencrypted and --passphrase-file exclude each other")
        }
    }

    func place(for name: KeyName) -> NewKeyPlace {
        let secret = out ?? FilePath("\(name).\(KeyFile.fileExtension)")
        return NewKeyPlace(
            secret: secret,
            open: secret.removingLastComponent().appending("\(name).\(PublicKeyFile.fileExtension)"))
    }

    /// The passphrase of the new key; nil when it is not to be encrypted.
    func loadPassphrase(for name: KeyName) throws -> SecretBytes? {
        unencrypted ? nil : try passphrase.loadNew(for: name)
    }
}

/// The two files of a new key.
struct NewKeyPlace {
    let secret: FilePath
    let open: FilePath

    /// For before anybody is asked for a passphrase. `create` looks again.
    func checkFree() throws {
        try KeyStorage(DurableStorage()).checkFree(secret, open)
    }

    /// Writes both files; the secret one is encrypted unless `passphrase` is nil.
    func create(_ key: SecretKey, passphrase: SecretBytes?) throws -> NewKey {
        let file = try passphrase.map { try KeyFile(key, passphrase: $0) } ?? KeyFile(unencrypted: key)
        try KeyStorage(DurableStorage()).create(file, at: secret, publicAt: open)
        return NewKey(file: PublicKeyFile(file), place: self)
    }
}

/// A key that was just written, and what is said of it.
struct NewKey {
    let file: PublicKeyFile
    let place: NewKeyPlace

    var report: JSONObject {
        var report = file.report
        report["secret_file"] = .string(ByteString(place.secret.string))
        report["public_file"] = .string(ByteString(place.open.string))
        return report
    }

    var text: [String] {
        let (secret, open) = (place.secret.string, place.open.string)
        let isPlain = file.holding == .plainFile
        var table = TextTable()
        table.append([
            "secret key", "\(secret)  (mode 0600, \(isPlain ? "NOT encrypted" : "encrypted with the passphrase"))",
        ])
        table.append(["public key", open])
        table.append(["key id", file.publicKey.computedID.description])
        let advice =
            isPlain
            ? "next: leave \(secret) on the machine that signs with it, and name it with --online-key or --release-key"
            : "next: make a copy of \(secret) in a safe place, and hand \(open) to the association"
        return table.lines + [advice]
    }
}
