import Primitives
import Signatures

/// What a release holds for people who have none of these tools.
extension ReleaseManifest {
    /// What the archive's `.minisig` says of it, under signature.
    package var minisigComment: ByteString {
        ByteString(
            "product:\(product) version:\(version) channel:\(channel) time:\(UTCTime.encode(time)) file:\(archiveFile)")
    }
}

/// `SHA256SUMS`: a digest, two spaces and a name to a line, sorted by name, as `sha256sum -c` reads them.
package enum ReleaseSums {
    package static func encode(_ files: [(name: ReleaseFileName, digest: Digest)]) -> [UInt8] {
        files.sorted { $0.name < $1.name }.flatMap { Array("\($0.digest)  \($0.name)\n".utf8) }
    }
}
