import CanonicalJSON
import Primitives

/// A key's name in metadata: an opaque string, by convention the SHA-256 of the key object's canonical form.
package struct KeyID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: ByteString

    package init(_ text: ByteString) {
        self.text = text
    }

    package static func < (left: KeyID, right: KeyID) -> Bool { left.text < right.text }
    package var description: String { text.description }
    /// The first eight characters, for people.
    package var short: String { String(description.prefix(8)) }
}

/// A public key as metadata carries it (TUF 4.2): key type, scheme and key value, unknown fields kept.
///
/// A key of an unknown type or scheme, or one that does not decode, is no error: it verifies nothing. Nor is an object
/// without the fields that a key should have: other people's keys must not make a whole file unreadable.
package struct PublicKey: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        case ed25519
        case ecdsaP256
        case rsaPSS
    }

    /// The whole key object.
    package let object: JSONObject
    /// Nil: we cannot verify with this key.
    package let scheme: Scheme?
    /// What this key verifies with: 32 bytes for Ed25519, PEM text otherwise.
    package let material: [UInt8]

    /// Field in a key object that holds the keyholder's name. Covered by signatures and by our key ids.
    package static let nameField: ByteString = "x-sceau-name"

    package init(_ reader: JSONReader) throws(JSONFault) {
        object = try reader.object()
        guard let type = Self.text("keytype", in: object), let scheme = Self.text("scheme", in: object),
            case .object(let value)? = object["keyval"], let value = Self.text("public", in: value)
        else {
            (scheme, material) = (nil, [])
            return
        }
        (self.scheme, material) = Self.recognise(type: type, scheme: scheme, value: value)
    }

    private static func text(_ name: ByteString, in object: JSONObject) -> ByteString? {
        if case .string(let text)? = object[name] { text } else { nil }
    }

    /// An Ed25519 key. `bytes` must be 32; `name` is the keyholder's.
    package init?(ed25519 bytes: [UInt8], name: ByteString?) {
        guard bytes.count == Ed25519.publicKeyByteCount else { return nil }
        var object: JSONObject = [
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": .object(["public": .string(ByteString(Hex.encode(bytes)))]),
        ]
        if let name { object[Self.nameField] = .string(name) }
        self.object = object
        scheme = .ed25519
        material = bytes
    }

    /// The keyholder's name, when the key carries one.
    package var name: ByteString? {
        if case .string(let name)? = object[Self.nameField] { name } else { nil }
    }

    /// SHA-256 over the canonical form of the whole key object. Others' ids may differ and are not refused for that.
    package var computedID: KeyID {
        KeyID(ByteString(Digest.sha256(of: JSONValue.object(object).canonicalEncoding).hex))
    }

    /// What tells whether two keys are one key under two ids (TAP 12): name and other fields do not count.
    package var identity: [UInt8] {
        switch scheme {
        case .ed25519: material
        case .ecdsaP256, .rsaPSS: OpenSSLKey(pem: material)?.encoded ?? material
        case nil: JSONValue.object(object).canonicalEncoding
        }
    }

    /// Whether `signature` is this key's over `message`. False also for a key or signature that does not decode.
    package func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        switch scheme {
        case .ed25519: Ed25519.isValid(signature: signature, for: message, publicKey: material)
        case .ecdsaP256: OpenSSLKey(pem: material)?.isValidP256(signature: signature, for: message) ?? false
        case .rsaPSS: OpenSSLKey(pem: material)?.isValidPSS(signature: signature, for: message) ?? false
        case nil: false
        }
    }

    private static func recognise(
        type: ByteString, scheme: ByteString, value: ByteString
    ) -> (scheme: Scheme?, material: [UInt8]) {
        switch (type, scheme) {
        case ("ed25519", "ed25519"):
            let bytes = Hex.decode(value.bytes) ?? []
            guard bytes.count == Ed25519.publicKeyByteCount else { return (nil, []) }
            return (.ed25519, bytes)
        case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
            return (.ecdsaP256, value.bytes)
        case ("rsa", "rsassa-pss-sha256"):
            return (.rsaPSS, value.bytes)
        default:
            return (nil, [])
        }
    }
}
