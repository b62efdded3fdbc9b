import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TransparencyLog

/// The key a witness cosigns with, and the name it does so under.
package struct WitnessKey: Sendable {
    /// Where the passphrase of an encrypted key file comes from.
    package enum PassphraseSource {
        /// `-` is standard input.
        case file(FilePath)
        /// A person: fills the buffer, which is in locked memory, and returns how much of it.
        case person(ask: (_ prompt: String, UnsafeMutableRawBufferPointer) throws -> Int)
        case none
    }

    private let signer: any Signer
    /// Of type 04. Its name is the witness's.
    package let noteKey: NoteKey

    /// Throws `LogFault` for a name that no note can hold.
    package init(_ signer: any Signer, name: ByteString) throws(LogFault) {
        self.signer = signer
        noteKey = try NoteKey(name: name, kind: .witness, publicKey: signer.publicKey.material)
    }

    /// Throws `log/malformed-key` unless `name` can stand in a note.
    package static func check(name: ByteString) throws(LogFault) {
        _ = try NoteKey(name: name, kind: .witness, publicKey: [UInt8](repeating: 0, count: Ed25519.publicKeyByteCount))
    }

    /// `name` nil: the name in the key file. Throws `KeyFault`, `LogFault` and `StorageFault`.
    package static func load(
        _ path: FilePath, name: ByteString?, passphrase: PassphraseSource, storage: DurableStorage
    ) throws -> WitnessKey {
        let file = try KeyStorage(storage).loadKeyFile(path)
        let secret = file.holding == .plainFile ? nil : try load(passphrase, for: file.name)
        return try WitnessKey(file.secretKey(passphrase: secret), name: name ?? file.name.text)
    }

    /// The public half alone, which needs no passphrase: of a secret key's file, or of a public one.
    package static func loadPublicHalf(
        _ path: FilePath, name: ByteString?, storage: DurableStorage
    ) throws -> NoteKey {
        let file = try KeyStorage(storage).loadPublicHalf(path)
        return try NoteKey(name: name ?? file.name.text, kind: .witness, publicKey: file.publicKey.material)
    }

    /// Keeps this process's memory out of core files and from other processes: first thing in a program with a key.
    package static func protectProcess() { forbidCoreFiles() }

    private static func load(_ source: PassphraseSource, for name: KeyName) throws -> SecretBytes {
        switch source {
        case .file("-"): return try Passphrase.load(from: .standardInput, named: "standard input")
        case .file(let path):
            let file = try ReadableFile(path)
            return try Passphrase.load(from: file.descriptor, named: path.string)
        case .person(let ask):
            let passphrase = try SecretBytes(capacity: Passphrase.longest) { try ask("passphrase for \(name)", $0) }
            try Passphrase.check(passphrase)
            return passphrase
        case .none:
            throw KeyFault(
                .passphraseNeeded, at: "\(name)", hint: "give --passphrase-file FILE ('-' is standard input)")
        }
    }

    /// This witness's line over the text of a checkpoint. `time`: POSIX seconds.
    func cosign(_ text: [UInt8], time: Int) throws -> NoteSignature {
        let signature = try signer.sign(Cosignature.message(text, time: time))
        return try NoteSignature(signature: signature, of: text, time: time, by: noteKey)
    }
}
