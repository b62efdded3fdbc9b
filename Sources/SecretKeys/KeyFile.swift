import CanonicalJSON
import Primitives
import Signatures

/// A secret key as it lies on the disk. Format `sceau-secret-key/1`: JSON, in one accepted spelling.
///
/// The public half is in the clear. The secret half is in `box`, encrypted under the passphrase, with every other field
/// as associated data, so that none of them can be changed; or in `unencrypted_seed`, as that name says.
package struct KeyFile: Equatable, Sendable {
    package static let format: ByteString = "sceau-secret-key/1"
    package static let fileExtension = "key"

    enum Body: Equatable, Sendable {
        case sealed(SealedSeed)
        case plain(SecretBytes)

        static func == (left: Body, right: Body) -> Bool {
            switch (left, right) {
            case (.sealed(let left), .sealed(let right)): left == right
            case (.plain(let left), .plain(let right)): left.isEqual(to: right)
            case (.sealed, .plain), (.plain, .sealed): false
            }
        }
    }

    let header: KeyFileHeader
    let body: Body

    package var name: KeyName { header.name }
    package var publicKey: PublicKey { header.publicKey }
    package var holding: KeyHolding { header.holding }

    /// `key`, encrypted under `passphrase`.
    package init(_ key: SecretKey, passphrase: SecretBytes, cost: KeyDerivationCost = .moderate) throws {
        try Passphrase.check(passphrase)
        header = KeyFileHeader(name: key.name, publicKey: key.publicKey, holding: .encryptedFile)
        let parameters = SealedSeed.Parameters.fresh(cost: cost)
        let box = try parameters.seal(key.seed, passphrase: passphrase, header: Self.bound(header, parameters))
        body = .sealed(SealedSeed(parameters: parameters, box: box))
    }

    /// `key` in the clear: for machines that must sign on their own.
    package init(unencrypted key: SecretKey) {
        header = KeyFileHeader(name: key.name, publicKey: key.publicKey, holding: .plainFile)
        body = .plain(key.seed)
    }

    /// The secret key. Throws `.passphraseNeeded`, `.wrongPassphrase` (also when any field was changed), `.mismatch`.
    /// An unencrypted file ignores `passphrase`.
    package func secretKey(passphrase: SecretBytes?) throws -> SecretKey {
        let key = try SecretKey(seed: seed(passphrase: passphrase), name: name)
        guard key.publicKey == publicKey else { throw KeyFault(.mismatch) }
        return key
    }

    private func seed(passphrase: SecretBytes?) throws -> SecretBytes {
        switch body {
        case .plain(let seed): return seed
        case .sealed(let sealed):
            guard let passphrase else { throw KeyFault(.passphraseNeeded) }
            return try sealed.open(passphrase: passphrase, header: Self.bound(header, sealed.parameters))
        }
    }
}

// MARK: the format

extension KeyFile {
    private static let boxField: ByteString = "box"
    private static let seedField: ByteString = "unencrypted_seed"

    /// The bytes that the encryption binds: the canonical form of the whole file but the box.
    private static func bound(_ header: KeyFileHeader, _ parameters: SealedSeed.Parameters) -> [UInt8] {
        JSONValue.object(object(header, parameters)).canonicalEncoding
    }

    private static func object(_ header: KeyFileHeader, _ parameters: SealedSeed.Parameters) -> JSONObject {
        var object = header.object(format: format)
        object["kdf"] = parameters.derivation
        object["cipher"] = parameters.cipher
        return object
    }

    /// The text of the file, which holds the secret in the clear when the file is unencrypted: in locked memory only.
    /// Throws `.memory`.
    package func encoded() throws -> SecretBytes {
        switch body {
        case .sealed: try SecretBytes(copying: redactedEncoding)
        case .plain(let seed): try KeyFileText.encode(redactedEncoding, seed: seed)
        }
    }

    /// The text of the file, with a placeholder for an unencrypted seed.
    private var redactedEncoding: [UInt8] {
        var object: JSONObject
        switch body {
        case .sealed(let sealed):
            object = Self.object(header, sealed.parameters)
            object[Self.boxField] = .string(ByteString(Hex.encode(sealed.box)))
        case .plain:
            object = header.object(format: Self.format)
            object[Self.seedField] = .string(KeyFileText.placeholder)
        }
        return JSONValue.object(object).fileEncoding
    }

    /// Throws `.malformed` for anything but what `encoded` gives, `.costOutOfBounds` for a file that would keep this
    /// machine busy, `.memory`. Needs no passphrase.
    package static func decode(_ text: SecretBytes) throws -> KeyFile {
        try decode(KeyFileText(text))
    }

    static func decode(_ text: KeyFileText) throws(KeyFault) -> KeyFile {
        try decodeKeyFile(text.redacted, encode: \.redactedEncoding) { reader in
            let header = try KeyFileHeader(reader, format: format)
            return KeyFile(header: header, body: try body(reader, header.holding, seed: text.seed))
        }
    }

    private init(header: KeyFileHeader, body: Body) {
        self.header = header
        self.body = body
    }

    private static func body(_ reader: JSONReader, _ holding: KeyHolding, seed: SecretBytes?) throws -> Body {
        switch holding {
        case .encryptedFile:
            return .sealed(try SealedSeed(reader, box: reader.field(boxField)))
        case .plainFile:
            guard try reader.field(seedField).string() == KeyFileText.placeholder, let seed else {
                let count = SecretKey.seedByteCount
                throw KeyFault(.malformed, expected: "\(count) bytes in base 16", at: "\(seedField)")
            }
            return .plain(seed)
        case .sshAgent:
            throw KeyFault(.malformed, found: "\"\(holding.rawValue)\"", expected: "a secret key", at: "held")
        }
    }
}

extension KeyFile: CustomStringConvertible, CustomReflectable {
    package var description: String { "key file of \(name), \(holding.rawValue)" }
    package var customMirror: Mirror { Mirror(self, children: ["name": name, "held": holding.rawValue]) }
}
