import CanonicalJSON
import Primitives
import Signatures

/// `NAME.pub`: a public key, its holder's name and how the secret half is kept. Format `sceau-public-key/1`.
package struct PublicKeyFile: Equatable, Sendable {
    package static let format: ByteString = "sceau-public-key/1"
    package static let fileExtension = "pub"

    private let header: KeyFileHeader

    package var name: KeyName { header.name }
    /// Carries the name, so that key ids cover it.
    package var publicKey: PublicKey { header.publicKey }
    package var holding: KeyHolding { header.holding }

    init(_ header: KeyFileHeader) {
        self.header = header
    }

    package init(_ file: KeyFile) {
        header = file.header
    }

    /// A key whose secret half only an ssh-agent has. Throws `.unsupported` unless it is a plain `ssh-ed25519` key.
    package init(_ key: SSHPublicKey, name: KeyName, at location: String) throws(KeyFault) {
        let bytes = try key.checkedEd25519(at: location)
        guard let publicKey = PublicKey(ed25519: bytes, name: name.text) else {
            throw KeyFault(.unsupported, at: location)
        }
        header = KeyFileHeader(name: name, publicKey: publicKey, holding: .sshAgent)
    }

    /// The one accepted spelling.
    package var encoded: [UInt8] { JSONValue.object(header.object(format: Self.format)).fileEncoding }

    /// Throws `.malformed` for anything but what `encoded` gives.
    package static func decode(_ bytes: [UInt8]) throws(KeyFault) -> PublicKeyFile {
        try decodeKeyFile(bytes, encode: \.encoded) { reader in
            PublicKeyFile(try KeyFileHeader(reader, format: format))
        }
    }
}
