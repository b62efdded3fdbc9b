import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage

/// `sceau key show FILE`
struct KeyShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show name, key id and keeping of a key. Asks for no passphrase: the public half is in the clear.")

    @Argument(help: "A NAME.pub or a NAME.key.")
    var file: FilePath

    @OptionGroup var json: JSONOption

    func run() throws {
        let key = try KeyStorage(DurableStorage()).loadPublicHalf(file)
        try json.print(key.report, orText: Self.text(key))
    }

    private static func text(_ key: PublicKeyFile) -> [String] {
        var table = TextTable()
        table.append(["name", "\(key.name)"])
        table.append(["key id", key.publicKey.computedID.description])
        table.append(["public key", "ed25519 " + Hex.encode(key.publicKey.material)])
        table.append(["held", key.holding.rawValue])
        return table.lines
    }
}
