import ArgumentParser
import CommandSupport
import DurableStorage
import FoundationEssentials
import Primitives
import Publishing
import SecretKeys
import Signatures
import SystemPackage

/// Who signs: `--key K.key` with its passphrase, or `--ssh-agent NAME`; exactly one of both.
struct SignerOption: ParsableArguments {
    @Option(help: ArgumentHelp("The keyholder's secret key.", valueName: "file"))
    var key: FilePath?

    @OptionGroup var passphrase: PassphraseOption

    @Option(
        help: ArgumentHelp(
            "Sign with the key of this keyholder (Keys/NAME.pub) that the running ssh-agent holds.", valueName: "name"))
    var sshAgent: String?

    func validate() throws {
        guard (key == nil) != (sshAgent == nil) else {
            throw ValidationError("give either --key FILE or --ssh-agent NAME")
        }
        guard sshAgent == nil || passphrase.file == nil else {
            throw ValidationError("--ssh-agent and --passphrase-file exclude each other: the agent asks by itself")
        }
    }

    /// Finds the key and asks nobody for anything yet.
    func find(in workspace: Workspace) throws -> ChosenSigner {
        let keys = KeyStorage(DurableStorage())
        if let sshAgent {
            let name = try KeyName(ByteString(sshAgent))
            let file = try keys.loadPublicKeyFile(workspace.publicKey("\(name)"))
            return .agent(file.name, try SSHAgentSigner(file.publicKey, in: .ofThisProcess()))
        }
        guard let key else { throw ValidationError("give either --key FILE or --ssh-agent NAME") }
        return .file(try keys.loadKeyFile(key), passphrase)
    }
}

/// A signer that was found; a key in a file is still locked.
enum ChosenSigner {
    case file(KeyFile, PassphraseOption)
    case agent(KeyName, SSHAgentSigner)

    var name: KeyName {
        switch self {
        case .file(let file, _): file.name
        case .agent(let name, _): name
        }
    }

    var publicKey: PublicKey {
        switch self {
        case .file(let file, _): file.publicKey
        case .agent(_, let signer): signer.publicKey
        }
    }

    /// Ready to sign; may ask for the passphrase of a file. What an agent needs it asks by itself, when it signs.
    func unlocked() throws -> any Signer {
        switch self {
        case .file(let file, let passphrase):
            try file.secretKey(passphrase: file.holding == .plainFile ? nil : passphrase.load(for: file.name))
        case .agent(_, let signer): signer
        }
    }
}

extension SSHAgent {
    /// The agent at this process's `SSH_AUTH_SOCK`. Throws `.noAgent` when that is not set.
    static func ofThisProcess() throws(KeyFault) -> SSHAgent {
        try SSHAgent(socket: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"]) {
            // A notice that cannot be shown is no reason not to wait.
            try? StandardError.print("sceau: waiting for the ssh-agent: it may want a PIN, a passphrase or a touch")
        }
    }
}
