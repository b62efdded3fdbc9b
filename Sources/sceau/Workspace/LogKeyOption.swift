import ArgumentParser
import CommandSupport
import Primitives
import Publishing
import SecretKeys
import SystemPackage
import Transport

/// The log key for `publish` and `refresh`.
struct LogKeyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The key that signs the log (default: the one remembered on this machine).", valueName: "file"))
    var logKey: FilePath?

    @OptionGroup var passphrase: LogPassphraseOption

    /// Finds the file and asks for nothing yet.
    ///
    /// - Parameter publicKey: of the log meant, 32 bytes; nil: the last that was remembered.
    func find(_ workspace: Workspace, for publicKey: [UInt8]? = nil) throws -> LogKeyFile {
        try workspace.loadLogKeyFile(named: logKey.map { try .absolute($0) }, for: publicKey)
    }

    /// The secret key; may ask for its passphrase.
    func unlock(_ key: LogKeyFile) throws -> SecretKey {
        try key.file.secretKey(passphrase: key.file.holding == .plainFile ? nil : passphrase.load(for: key.file.name))
    }

    /// What publishing needs for the log. The key is looked for, and its passphrase asked for, only when root names a log;
    /// and once, however often a run asks: standard input has it once.
    func ports(_ workspace: Workspace, isAbandoning: Bool = false) throws -> LogPorts {
        let client = try HTTPClient()
        var known: [[UInt8]: (LogKeyFile, SecretKey)] = [:]
        return LogPorts(witnesses: HTTPWitnessRound(client), isAbandoning: isAbandoning) { publicKey in
            if let key = known[publicKey] { return key }
            let file = try find(workspace, for: publicKey)
            let key = (file, try unlock(file))
            known[publicKey] = key
            return key
        }
    }

    /// To be called once the key has turned out to be the one that root names: a wrong one must not be remembered.
    func remember(_ workspace: Workspace) throws {
        if let logKey { try workspace.rememberLogKey(FilePath.absolute(logKey)) }
    }
}

/// The log key's passphrase, beside that of the online key.
struct LogPassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read the log key's passphrase from a file ('-' is standard input).", valueName: "file"))
    var logPassphraseFile: FilePath?

    func load(for name: KeyName) throws -> SecretBytes {
        if let logPassphraseFile { return try PassphraseSource.load(logPassphraseFile) }
        guard Terminal.canAsk else {
            let hint = "give --log-passphrase-file FILE ('-' is standard input)"
            throw KeyFault(.passphraseNeeded, at: "\(name)", hint: hint)
        }
        return try PassphraseSource.ask("passphrase for \(name)")
    }

    /// The passphrase of a key that is being made: asked for twice.
    func loadNew(for name: KeyName) throws -> SecretBytes {
        var option = PassphraseOption()
        option.file = logPassphraseFile
        guard logPassphraseFile != nil || Terminal.canAsk else {
            throw CommandFault(
                .notATerminal, found: "no passphrase for \(name)",
                hint: "give --log-passphrase-file FILE ('-' is standard input), or --log-unencrypted")
        }
        return try option.loadNew(for: name)
    }
}
