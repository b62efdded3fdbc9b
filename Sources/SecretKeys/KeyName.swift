import Primitives

/// The name of a keyholder or of an online key: 1 to 32 of `a-z 0-9 . _ -`, a letter or digit first.
///
/// It becomes a file name, so it can hold neither a separator nor begin with a dot.
package struct KeyName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let longest = 32

    package let text: ByteString

    /// Throws `.invalidName` (usage).
    package init(_ text: ByteString) throws(KeyFault) {
        guard Self.isValid(text.bytes) else {
            throw KeyFault(.invalidName, found: "\"\(ByteString(Array(text.bytes.prefix(64))))\"")
        }
        self.text = text
    }

    /// Whose key it is, of a name `PERSON` or `PERSON.DEVICE`. For warnings only.
    package var person: ByteString {
        ByteString(Array(text.bytes.prefix { $0 != UInt8(ascii: ".") }))
    }

    package var description: String { text.description }

    package static func < (left: KeyName, right: KeyName) -> Bool { left.text < right.text }

    private static func isValid(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, bytes.count <= longest else { return false }
        return isLetterOrDigit(first) && bytes.allSatisfy { isLetterOrDigit($0) || Array("._-".utf8).contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
