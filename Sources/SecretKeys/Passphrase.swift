import Primitives
import SystemPackage

/// The rules for passphrases: 1 to 1024 bytes, taken as they are, no encoding and no trimming but one line break.
package enum Passphrase {
    package static let longest = 1024

    /// From an open file or pipe, to its end. One trailing line break (LF or CRLF) is not part of the passphrase.
    package static func load(
        from file: FileDescriptor, named name: String, allowingEmpty: Bool = false
    ) throws -> SecretBytes {
        // Room for a line break and for one byte more, by which too long a passphrase is known.
        let passphrase = try SecretBytes(capacity: longest + 3) { buffer in
            do {
                let count = try file.readToEnd(into: buffer)
                return withoutLineBreak(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch let error as Errno {
                throw KeyFault(.invalidPassphrase, found: error.description.lowercased(), at: name)
            }
        }
        try check(passphrase, at: name, allowingEmpty: allowingEmpty)
        return passphrase
    }

    /// Throws `.invalidPassphrase`. An empty one is allowed only for other tools' keys, which some tools "encrypt" with it.
    package static func check(
        _ passphrase: SecretBytes, at name: String? = nil, allowingEmpty: Bool = false
    ) throws(KeyFault) {
        guard passphrase.count > 0 || allowingEmpty else {
            throw KeyFault(.invalidPassphrase, found: "an empty one", at: name)
        }
        guard passphrase.count <= longest else {
            throw KeyFault(.invalidPassphrase, expected: "at most \(longest) bytes", at: name)
        }
    }

    private static func withoutLineBreak(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes.count }
        let isCRLF = bytes.count > 1 && bytes[bytes.count - 2] == UInt8(ascii: "\r")
        return bytes.count - (isCRLF ? 2 : 1)
    }
}
