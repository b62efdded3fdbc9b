import ArgumentParser
import CanonicalJSON
import Primitives
import SecretKeys
import Signatures

/// `sceau key …`
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, import, show and list keys.",
        subcommands: [KeyGenerate.self, KeyImport.self, KeyShow.self, KeyList.self])
}

extension PublicKeyFile {
    /// What `--json` says of a key, whichever command.
    var report: JSONObject {
        [
            "name": .string(name.text), "key_id": .string(publicKey.computedID.text),
            "public_key": .string(ByteString(Hex.encode(publicKey.material))),
            "held": .string(ByteString(holding.rawValue)),
        ]
    }
}
