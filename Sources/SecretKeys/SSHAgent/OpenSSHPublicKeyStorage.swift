import DurableStorage
import Primitives
import SystemPackage

extension KeyStorage {
    /// The OpenSSH public key in a file; nil when the file seems to hold something else, of which then no more than its
    /// first bytes were read: it may be a secret key.
    ///
    /// Throws `.notAFile`, `.malformed` or a storage fault.
    package func loadOpenSSHPublicKey(_ path: FilePath) throws -> OpenSSHPublicKeyLine? {
        let file = try ReadableFile(path)
        try checkIsRegular(file)
        var bytes = try file.read(atMost: OpenSSHPublicKeyLine.beginningByteCount)
        guard OpenSSHPublicKeyLine.isLikely(bytes) else { return nil }
        while bytes.count <= OpenSSHPublicKeyLine.byteLimit {
            let chunk = try file.read(atMost: OpenSSHPublicKeyLine.byteLimit + 1 - bytes.count)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return try OpenSSHPublicKeyLine.decode(bytes, at: path.string)
    }
}
