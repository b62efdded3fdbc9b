import ArgumentParser
import CommandSupport
import Primitives
import Publishing
import SecretKeys
import SystemPackage
import TUF

/// The release key for `release add`.
struct ReleaseKeyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The key that signs the archive for everyone without Sceau (default: the one remembered on this machine).",
            valueName: "file"))
    var releaseKey: FilePath?

    @Option(
        help: ArgumentHelp(
            "Read the release key's passphrase from a file ('-' is standard input).", valueName: "file"))
    var releasePassphraseFile: FilePath?

    /// Nil when root names no release key and none is given.
    func load(_ workspace: Workspace) throws -> SecretKey? {
        guard try releaseKey != nil || Staging.load(workspace).root?.releaseKey() != nil else { return nil }
        let file = try workspace.loadReleaseKeyFile(named: releaseKey)
        return try file.secretKey(passphrase: file.holding == .plainFile ? nil : passphrase(for: file.name))
    }

    /// To be called once the key has turned out to be the one that root names: a wrong one must not be remembered.
    func remember(_ workspace: Workspace) throws {
        if let releaseKey { try workspace.rememberReleaseKey(FilePath.absolute(releaseKey)) }
    }

    private func passphrase(for name: KeyName) throws -> SecretBytes {
        if let releasePassphraseFile { return try PassphraseSource.load(releasePassphraseFile) }
        guard Terminal.canAsk else {
            let hint = "give --release-passphrase-file FILE ('-' is standard input)"
            throw KeyFault(.passphraseNeeded, at: "\(name)", hint: hint)
        }
        return try PassphraseSource.ask("passphrase for \(name)")
    }
}
