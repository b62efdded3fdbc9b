import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import SystemPackage

/// Where a passphrase comes from: `--passphrase-file`, or else the person at the terminal. Never an argument, and never
/// the environment, which other processes may read.
struct PassphraseOption: ParsableArguments {
    @Option(
        name: .customLong("passphrase-file"),
        help: ArgumentHelp("Read the passphrase from a file ('-' is standard input).", valueName: "file"))
    var file: FilePath?

    /// The passphrase of a key that exists.
    func load(for name: KeyName) throws -> SecretBytes {
        if let file { return try PassphraseSource.load(file) }
        guard Terminal.canAsk else {
            let hint = "give --passphrase-file FILE ('-' is standard input)"
            throw KeyFault(.passphraseNeeded, at: "\(name)", hint: hint)
        }
        return try PassphraseSource.ask("passphrase for \(name)")
    }

    /// The passphrase of a key that is being made: asked for twice.
    func loadNew(for name: KeyName) throws -> SecretBytes {
        if let file { return try PassphraseSource.load(file) }
        guard Terminal.canAsk else {
            throw CommandFault(
                .notATerminal, found: "no passphrase for \(name)",
                hint: "give --passphrase-file FILE ('-' is standard input), or --unencrypted for a machine's own key")
        }
        let first = try PassphraseSource.ask("new passphrase for \(name)")
        guard try PassphraseSource.ask("the same again").isEqual(to: first) else {
            throw KeyFault(.invalidPassphrase, found: "two different ones")
        }
        return first
    }
}

/// Reads passphrases into locked memory. An empty one is allowed for other tools' keys only.
enum PassphraseSource {
    static let standardInput: FilePath = "-"

    /// From a file, or from standard input when `file` is `-`.
    static func load(_ file: FilePath, allowingEmpty: Bool = false) throws -> SecretBytes {
        if file == standardInput {
            return try Passphrase.load(from: .standardInput, named: "standard input", allowingEmpty: allowingEmpty)
        }
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        } catch let error as Errno {
            throw StorageFault(error, "open", at: file)
        }
        return try descriptor.closeAfter {
            try Passphrase.load(from: descriptor, named: file.string, allowingEmpty: allowingEmpty)
        }
    }

    /// From the person at the terminal.
    static func ask(_ prompt: String, allowingEmpty: Bool = false) throws -> SecretBytes {
        let passphrase = try SecretBytes(capacity: Passphrase.longest) { buffer in
            try Terminal.readHidden(prompt: prompt, into: buffer)
        }
        try Passphrase.check(passphrase, allowingEmpty: allowingEmpty)
        return passphrase
    }
}
