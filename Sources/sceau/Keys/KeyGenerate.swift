import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage

/// `sceau key generate NAME`
struct KeyGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a new key: NAME.key, which is secret, and NAME.pub beside it, which is for everyone.")

    @Argument(help: "The keyholder's name: lower-case letters, digits, '.', '_' and '-'.")
    var name: String

    @Option(help: "Where the secret key goes (default: NAME.key here).")
    var out: FilePath?

    @OptionGroup var passphrase: PassphraseOption

    @Flag(help: "Do not encrypt the secret key: for a machine that must sign on its own.")
    var unencrypted = false

    @OptionGroup var json: JSONOption

    func validate() throws {
        guard !unencrypted || passphrase.file == nil else {
            throw ValidationError("--unencrypted and --passphrase-file exclude each other")
        }
    }

    func run() throws {
        let name = try KeyName(ByteString(self.name))
        let path = out ?? FilePath("\(name).\(KeyFile.fileExtension)")
        let publicPath = path.removingLastComponent().appending("\(name).\(PublicKeyFile.fileExtension)")
        let file = try stating("no key was made") {
            let storage = KeyStorage(DurableStorage())
            // Before anybody is asked for a passphrase.
            try storage.checkFree(path, publicPath)
            let file = try make(name)
            try storage.create(file, at: path, publicAt: publicPath)
            return PublicKeyFile(file)
        }
        try stating("the key was made: \(path.string)") {
            try json.print(report(file, path, publicPath), orText: text(file, path, publicPath))
        }
    }

    private func make(_ name: KeyName) throws -> KeyFile {
        if unencrypted { return try KeyFile(unencrypted: .generate(name: name)) }
        let passphrase = try passphrase.loadNew(for: name)
        return try KeyFile(.generate(name: name), passphrase: passphrase)
    }

    private func report(_ file: PublicKeyFile, _ path: FilePath, _ publicPath: FilePath) -> JSONObject {
        var report = file.report
        report["secret_file"] = .string(ByteString(path.string))
        report["public_file"] = .string(ByteString(publicPath.string))
        return report
    }

    private func text(_ file: PublicKeyFile, _ path: FilePath, _ publicPath: FilePath) -> [String] {
        var table = TextTable()
        let protection = unencrypted ? "NOT encrypted" : "encrypted with the passphrase"
        table.append(["secret key", "\(path.string)  (mode 0600, \(protection))"])
        table.append(["public key", publicPath.string])
        table.append(["key id", file.publicKey.computedID.description])
        let advice =
            unencrypted
            ? "next: leave \(path.string) on the machine that signs with it, and name it with --online-key"
            : "next: make a copy of \(path.string) in a safe place, and hand \(publicPath.string) to the association"
        return table.lines + [advice]
    }
}
