import Primitives

/// A public key as minisign knows it: an Ed25519 key and a number that tells keys apart and proves nothing.
package struct MinisignKey: Hashable, Sendable {
    static let numberByteCount = 8
    private static let algorithm = Array("Ed".utf8)

    /// 8 bytes, repeated in each signature.
    package let number: [UInt8]
    /// 32 bytes.
    package let publicKey: [UInt8]

    /// The release key. Its number is made from the key: the first 8 bytes of its SHA-256. Nil unless it is Ed25519.
    package init?(_ key: PublicKey) {
        guard key.scheme == .ed25519 else { return nil }
        publicKey = key.material
        number = Array(Digest.sha256(of: key.material).bytes.prefix(Self.numberByteCount))
    }

    /// One line without its end, as `minisign -P` takes it.
    package var line: String { Base64.encode(Self.algorithm + number + publicKey) }

    /// A key's number as minisign shows it to people: upper-case hexadecimal, the last byte first.
    static func shown(_ number: [UInt8]) -> String { Hex.encode(number.reversed()).uppercased() }

    /// A public key file, as `minisign -p` takes it.
    package var encoded: [UInt8] {
        Array("\(MinisignText.untrusted)minisign public key \(Self.shown(number))\n\(line)\n".utf8)
    }

    /// Reads a public key file, whatever its comment says. Throws `.malformed`.
    package static func decode(_ bytes: [UInt8]) throws(MinisignFault) -> MinisignKey {
        let lines = try MinisignText.lines(bytes, count: 2)
        _ = try MinisignText.comment(lines[0], after: MinisignText.untrusted, "line 1")
        let fields = [algorithm.count, numberByteCount, Ed25519.publicKeyByteCount]
        let parts = try MinisignText.fields(lines[1], fields, "line 2")
        guard parts[0] == algorithm else {
            throw MinisignFault(.malformed, found: "an unknown algorithm", expected: "Ed25519", at: "line 2")
        }
        return MinisignKey(number: parts[1], publicKey: parts[2])
    }

    private init(number: [UInt8], publicKey: [UInt8]) {
        self.number = number
        self.publicKey = publicKey
    }
}

/// What minisign's text files have in common: whole lines, and base 64 in one spelling.
enum MinisignText {
    static let untrusted = "untrusted comment: "
    static let trusted = "trusted comment: "

    /// Exactly `count` lines, each with its end.
    static func lines(_ bytes: [UInt8], count: Int) throws(MinisignFault) -> [[UInt8]] {
        guard bytes.count <= MinisignSignature.byteLimit else {
            throw MinisignFault(
                .malformed, found: "\(bytes.count) bytes", expected: "at most \(MinisignSignature.byteLimit)")
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        guard lines.count == count + 1, lines.last == [] else {
            throw MinisignFault(.malformed, expected: "\(count) lines, and nothing after them")
        }
        return lines
    }

    static func comment(
        _ line: [UInt8], after prefix: String, _ place: String
    ) throws(MinisignFault) -> ByteString {
        guard line.starts(with: prefix.utf8) else {
            throw MinisignFault(.malformed, expected: "\"\(prefix)\"", at: place)
        }
        return ByteString(Array(line.dropFirst(prefix.utf8.count)))
    }

    /// The bytes of one line of base 64, cut into pieces of these lengths.
    static func fields(
        _ line: [UInt8], _ lengths: [Int], _ place: String
    ) throws(MinisignFault) -> [[UInt8]] {
        let length = lengths.reduce(0, +)
        guard let bytes = Base64.decode(line), bytes.count == length else {
            throw MinisignFault(.malformed, expected: "\(length) bytes in base 64", at: place)
        }
        var rest = bytes[...]
        return lengths.map { length in
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
    }
}
