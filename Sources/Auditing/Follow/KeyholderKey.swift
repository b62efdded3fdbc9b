import CanonicalJSON
import Primitives
import Signatures

/// A keyholder's public key as its file (`NAME.pub`, `sceau-public-key/1`) says it.
package struct KeyholderKey: Hashable, Sendable {
    package static let byteLimit = 16 << 10
    private static let format: ByteString = "sceau-public-key/1"

    package let name: String
    package let publicKey: PublicKey

    package init(name: String, publicKey: PublicKey) {
        self.name = name
        self.publicKey = publicKey
    }

    /// Throws `follow/not-a-public-key`. `place` is for the message.
    package init(decoding bytes: [UInt8], at place: String) throws(FollowFault) {
        do {
            let reader = JSONReader(
                try JSONValue.decode(bytes, limits: JSONLimits(bytes: Self.byteLimit, depth: 8)), at: place)
            guard try reader.field("format").string() == Self.format else {
                throw FollowFault(.notAPublicKey, at: place)
            }
            let key = try PublicKey(reader.field("key"))
            guard key.scheme != nil else { throw FollowFault(.notAPublicKey, at: place) }
            self.init(name: try reader.field("name").string().description, publicKey: key)
        } catch {
            let message = (error as? JSONFault)?.message
            throw FollowFault(.notAPublicKey, found: message, at: place)
        }
    }
}
