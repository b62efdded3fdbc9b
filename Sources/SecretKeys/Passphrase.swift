import Primitives
import SystemPackage

/// The rules for passphrases: 1 to 1024 bytes, taken as they are, no encoding and no trimming but one line break.
package enum Passphrase {
    package static let longest = 1024

    /// From an open file or pipe, to its end. One trailing line break (LF or CRLF) is not part of the passphrase.
    package static func load(from file: FileDescriptor, named name: String) throws -> SecretBytes {
        // Room for a line break and for one byte more, by which too long a passphrase is known.
        let passphrase = try SecretBytes(capacity: longest + 3) { buffer in
            var count = 0
            while count < buffer.count {
                let read = try read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]), name)
                if read == 0 { break }
                count += read
            }
            return withoutLineBreak(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        try check(passphrase, at: name)
        return passphrase
    }

    package static func check(_ passphrase: SecretBytes, at name: String? = nil) throws(KeyFault) {
        guard passphrase.count > 0 else { throw KeyFault(.invalidPassphrase, found: "an empty one", at: name) }
        guard passphrase.count <= longest else {
            throw KeyFault(.invalidPassphrase, expected: "at most \(longest) bytes", at: name)
        }
    }

    private static func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, _ name: String
    ) throws -> Int {
        do { return try file.read(into: buffer) } catch let error as Errno {
            throw KeyFault(.invalidPassphrase, found: error.description.lowercased(), at: name)
        }
    }

    private static func withoutLineBreak(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes.count }
        let isCRLF = bytes.count > 1 && bytes[bytes.count - 2] == UInt8(ascii: "\r")
        return bytes.count - (isCRLF ? 2 : 1)
    }
}
