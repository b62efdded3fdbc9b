import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage

/// The part of `sceau key import` for an OpenSSH public key, whose secret half stays in the keyholder's ssh-agent: on a
/// card, a token, or in a file that the agent was given.
struct PublicKeyImport {
    let line: OpenSSHPublicKeyLine
    let source: FilePath
    let name: KeyName
    let destination: FilePath

    func run(_ json: JSONOption) throws {
        let file = try stating("no key was imported") {
            let file = try PublicKeyFile(line.key, name: name, at: source.string)
            try KeyStorage(DurableStorage()).create(file, at: destination)
            return file
        }
        try stating("the key was imported: \(destination.string)") {
            try json.print(report(file), orText: text(file))
        }
    }

    private func report(_ file: PublicKeyFile) -> JSONObject {
        var report = file.report
        report["public_file"] = .string(ByteString(destination.string))
        report["fingerprint"] = .string(ByteString(line.key.fingerprint))
        return report
    }

    private func text(_ file: PublicKeyFile) -> [String] {
        var table = TextTable()
        table.append(["public key", destination.string])
        table.append(["key id", file.publicKey.computedID.description])
        table.append(["ssh-agent", "\(line.key.fingerprint) \(line.comment)"])
        return table.lines + [
            "next: hand \(destination.string) to the association, and sign with sceau sign --ssh-agent \(name)"
        ]
    }
}
