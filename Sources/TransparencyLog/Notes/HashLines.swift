import Primitives
import Signatures

/// The hashes of a proof as requests and proof files hold them: one a line in base 64, an empty line after the last.
enum HashLines {
    /// No proof of a log of less than 2^63 entries is longer.
    static let limit = 63

    static func append(_ hashes: [Digest], to text: inout [UInt8]) {
        for hash in hashes {
            Base64.append(hash.bytes, to: &text)
            text.append(NoteText.lineEnd)
        }
        text.append(NoteText.lineEnd)
    }

    /// Reads up to and with the empty line; `code` is thrown when something else is there.
    static func decode(_ lines: inout TextLines, _ code: LogFaultCode) throws(LogFault) -> [Digest] {
        var hashes: [Digest] = []
        while let line = lines.next() {
            guard !line.isEmpty else { return hashes }
            guard hashes.count < limit else { throw LogFault(code, expected: "at most \(limit) hashes") }
            guard let hash = Base64.decode(line).flatMap(Digest.init(bytes:)) else {
                throw LogFault(
                    code, found: ByteString(Array(line)).description,
                    expected: "a hash of \(Digest.byteCount) bytes in base 64, or an empty line")
            }
            hashes.append(hash)
        }
        throw LogFault(code, expected: "an empty line after the hashes")
    }
}
