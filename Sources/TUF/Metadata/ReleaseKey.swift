import CanonicalJSON
import Primitives
import Signatures

/// The key that signs archives for people who have none of these tools (`minisign`), as root names it. It signs no
/// metadata, and no client decides anything by it.
extension Root {
    /// Field of root that holds the key, an object as in `keys`.
    package static let releaseKeyField: ByteString = "x-sceau-release-key"

    /// The release key, or nil when this root names none. Throws when it names something that is no Ed25519 key.
    package func releaseKey() throws(JSONFault) -> PublicKey? {
        guard let reader = try JSONReader(.object(extra), at: "root").optionalField(Self.releaseKeyField) else {
            return nil
        }
        let key = try PublicKey(reader)
        guard key.scheme == .ed25519 else { throw reader.invalid(expected: "an Ed25519 key") }
        return key
    }

    package mutating func setReleaseKey(_ key: PublicKey?) {
        extra[Self.releaseKeyField] = key.map { .object($0.object) }
    }
}
