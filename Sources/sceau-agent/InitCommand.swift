import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF
import Updating

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Trust a root: from then on, only what it leads to is installed.")

    @Option(help: ArgumentHelp("The root metadata that the publisher hands out.", valueName: "root.json"))
    var root: FilePath

    @Option(help: ArgumentHelp("Refuse any root but the one with this SHA-256.", valueName: "hex"))
    var fingerprint: String?

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let expected = try fingerprint.map(Self.digest)
        let bytes = try DurableStorage().read(root, limit: MetadataLimits().rootLength)
        try options.configuration().makeStateOfOwner(DurableStorage())
        let anchor = try options.withAgent { try $0.initialise(root: bytes, fingerprint: expected) }
        try options.print(anchor.json, orText: Self.lines(anchor, wasCompared: expected != nil))
    }

    /// As people write fingerprints: either case, with blanks or colons between the digits.
    private static func digest(_ text: String) throws -> Digest {
        let digits = text.lowercased().filter { $0 != " " && $0 != ":" }
        guard let digest = Digest(hex: ByteString(digits)) else {
            throw ValidationError("--fingerprint must be 64 hexadecimal digits")
        }
        return digest
    }

    private static func lines(_ anchor: TrustAnchor, wasCompared: Bool) -> [String] {
        let state = anchor.wasPinned ? "trusted before" : "trusted from now on"
        let advice =
            wasCompared
            ? "this is the fingerprint you gave"
            : "compare it with what a second source says: the publisher's site, a colleague, a printed page"
        return [
            "root version \(anchor.rootVersion): \(state)", "fingerprint \(anchor.fingerprint)", advice,
        ]
    }
}
