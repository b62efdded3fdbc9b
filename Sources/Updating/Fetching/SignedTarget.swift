import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF

/// A file that the metadata vouches for.
package struct SignedTarget: Hashable {
    /// As metadata names it: any text. It reaches no file system.
    package let path: ByteString
    /// Bytes.
    package let length: Int
    /// Length and hashes; one at least is of a kind we know.
    let facts: FileFacts
    /// The SHA-256 if it is stated, else another hash that we know, in hexadecimal digits: names the file here, and on a
    /// server with consistent snapshots.
    package let digest: String

    /// Throws when no hash is of a kind we know, or it is not spelled in hexadecimal.
    package init(path: ByteString, _ target: TargetFile) throws(MetadataFault) {
        let place = "target \(path)"
        try target.facts.checkKnownHash(at: place)
        // Text from metadata becomes a file name here.
        guard let (algorithm, hex) = target.facts.knownHashes.first,
            let bytes = Hex.decode(hex.bytes), ByteString(Hex.encode(bytes)) == hex,
            bytes.count == algorithm.byteCount
        else {
            throw MetadataFault(.malformed, expected: "a hash in hexadecimal", at: place)
        }
        self.path = path
        length = target.length
        facts = target.facts
        digest = Hex.encode(bytes)
    }

    /// Whether a file at `file` is this one, whole and right.
    package func isWhole(at file: FilePath, _ storage: DurableStorage) throws -> Bool {
        guard let info = try storage.info(file), info.kind == .file, info.size == length else { return false }
        let check = FileCheck(facts)
        try ReadableFile(file).forEachChunk { check.update($0) }
        return (try? check.finish(at: "\(path)")) != nil
    }
}
