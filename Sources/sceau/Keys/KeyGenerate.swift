import ArgumentParser
import CommandSupport
import Primitives
import SecretKeys
import SystemPackage

/// `sceau key generate NAME`
struct KeyGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a new key: NAME.key, which is secret, and NAME.pub beside it, which is for everyone.")

    @Argument(help: "The keyholder's name: lower-case letters, digits, '.', '_' and '-'.")
    var name: String

    @OptionGroup var options: NewKeyOptions

    @OptionGroup var json: JSONOption

    func run() throws {
        let name = try KeyName(ByteString(self.name))
        let place = options.place(for: name)
        let key = try stating("no key was made") {
            // Before anybody is asked for a passphrase.
            try place.checkFree()
            let passphrase = try options.loadPassphrase(for: name)
            return try place.create(.generate(name: name), passphrase: passphrase)
        }
        try stating("the key was made: \(place.secret.string)") {
            try json.print(key.report, orText: key.text)
        }
    }
}
