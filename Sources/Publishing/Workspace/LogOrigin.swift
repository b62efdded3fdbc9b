import Primitives
import Releases
import Signatures

/// The name of a log: the first line of its checkpoints and the name of its key. It never changes as long as the log
/// lives.
///
/// 1 to 128 of `A-Z a-z 0-9 . _ ~ : / -`, a letter or digit first and last: what other tools take too, and YAML.
package struct LogOrigin: Hashable, Sendable, CustomStringConvertible {
    package static let longest = 128

    package let text: ByteString

    /// Throws `.invalidWitnessPolicy`.
    package init(_ text: ByteString) throws(PublishingFault) {
        guard Self.isValid(text.bytes) else {
            throw PublishingFault(
                .invalidWitnessPolicy, found: "the origin \"\(ByteString(Array(text.bytes.prefix(Self.longest))))\"",
                expected: "1 to \(Self.longest) of A-Z a-z 0-9 . _ ~ : / -, a letter or digit first and last")
        }
        self.text = text
    }

    /// The name of a log that is given none: no other log has it, since it holds 64 bits of the key's digest.
    package init(_ product: ProductName, publicKey: [UInt8]) {
        text = ByteString("sceau-log/\(product)/\(Digest.sha256(of: publicKey).hex.prefix(16))")
    }

    private static func isValid(_ bytes: [UInt8]) -> Bool {
        guard (1...longest).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isPlain(first) && isPlain(last) && bytes.allSatisfy { isPlain($0) || "._~:/-".utf8.contains($0) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    package var description: String { "\(text)" }
}
