import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import SystemPackage

/// `sceau key import FILE --name NAME`
struct KeyImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make NAME.key and NAME.pub of an Ed25519 secret key of minisign, signify or OpenSSH.",
        discussion: """
            An OpenSSH public key (id_ed25519.pub, or what ssh-add -L prints) makes a NAME.pub only: its secret half \
            stays in the ssh-agent. \
            FILE is only read. If it is encrypted, its passphrase is asked for, or taken from \
            --source-passphrase-file; --passphrase-file alone serves for both, the old and the new key.
            """)

    @Argument(help: "minisign.key, NAME.sec of signify, id_ed25519 of OpenSSH, or its public key for an ssh-agent.")
    var file: FilePath

    @Option(help: "The keyholder's name: lower-case letters, digits, '.', '_' and '-'.")
    var name: String

    @OptionGroup var options: NewKeyOptions

    @Option(help: ArgumentHelp("Read the passphrase of FILE from a file ('-' is standard input).", valueName: "file"))
    var sourcePassphraseFile: FilePath?

    @OptionGroup var json: JSONOption

    func validate() throws {
        let standardInput = PassphraseSource.standardInput
        guard sourcePassphraseFile != standardInput || options.passphrase.file != standardInput else {
            throw ValidationError(
                "only one passphrase can come from standard input; one that serves for both is "
                    + "given with --passphrase-file alone")
        }
    }

    func run() throws {
        let name = try KeyName(ByteString(self.name))
        let place = options.place(for: name)
        if let line = try stating(
            "no key was imported", { try KeyStorage(DurableStorage()).loadOpenSSHPublicKey(file) })
        {
            return try importPublicKey(line, name, place)
        }
        let (key, format) = try stating("no key was imported") {
            try place.checkFree()
            let source = try KeyStorage(DurableStorage()).loadForeignKey(file)
            try warn(of: source.exposure)
            return (try importKey(source.file, name, place), source.file.format)
        }
        try stating("the key was imported: \(place.secret.string)") {
            try json.print(report(key, format), orText: text(key, format))
        }
    }

    private func importPublicKey(_ line: OpenSSHPublicKeyLine, _ name: KeyName, _ place: NewKeyPlace) throws {
        guard !options.unencrypted, options.passphrase.file == nil, sourcePassphraseFile == nil else {
            throw CommandFault(
                .arguments, found: "a public key, and how to protect a secret one", at: file.string,
                hint: "name the secret file; or leave out what is about passphrases, to sign through an ssh-agent")
        }
        try PublicKeyImport(line: line, source: file, name: name, destination: place.open).run(json)
    }

    private func importKey(_ source: ForeignKeyFile, _ name: KeyName, _ place: NewKeyPlace) throws -> NewKey {
        // Read once: standard input has it only once, and it may serve for both keys.
        let given = options.passphrase.file == nil ? nil : try options.loadPassphrase(for: name)
        let key = try source.secretKey(name: name, passphrase: sourcePassphrase(source, orElse: given))
        return try place.create(key, passphrase: given ?? options.loadPassphrase(for: name))
    }

    private func sourcePassphrase(_ source: ForeignKeyFile, orElse given: SecretBytes?) throws -> SecretBytes? {
        guard source.isEncrypted else { return nil }
        if let sourcePassphraseFile { return try PassphraseSource.load(sourcePassphraseFile, allowingEmpty: true) }
        if let given { return given }
        guard Terminal.canAsk else {
            throw KeyFault(
                .passphraseNeeded, at: file.string, hint: "give --source-passphrase-file FILE ('-' is standard input)")
        }
        return try PassphraseSource.ask("passphrase of \(file.string)", allowingEmpty: true)
    }

    private func warn(of exposure: KeyFault?) throws {
        guard let exposure else { return }
        try StandardError.print("sceau: warning: [\(exposure.codeText)] \(exposure.message)")
        if let hint = exposure.hint { try StandardError.print("sceau: hint: \(hint)") }
    }

    private func report(_ key: NewKey, _ format: ForeignKeyFile.Format) -> JSONObject {
        var report = key.report
        report["source_file"] = .string(ByteString(file.string))
        report["source_format"] = .string(ByteString(format.rawValue.lowercased()))
        return report
    }

    private func text(_ key: NewKey, _ format: ForeignKeyFile.Format) -> [String] {
        key.text + [
            "also: \(file.string) (\(format.rawValue)) still holds the same secret: keep it as safe, or destroy it"
        ]
    }
}
