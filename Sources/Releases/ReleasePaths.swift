import Primitives
import Signatures

/// Where the files of one product and channel stand, as metadata names them and as the server holds them.
package struct ReleasePaths: Hashable, Sendable {
    package let product: ProductName
    package let channel: ChannelName

    package init(product: ProductName, channel: ChannelName) {
        self.product = product
        self.channel = channel
    }

    /// The delegated role that signs this channel: `<product>-<channel>`.
    package var role: ByteString { ByteString("\(product)-\(channel)") }

    /// What the role may sign: `<product>/<channel>/*/*`.
    package var pattern: ByteString { ByteString("\(product)/\(channel)/*/*") }

    /// A target path: `<product>/<channel>/<version>/<file>`.
    package func target(_ version: Version, _ file: ReleaseFileName) -> ByteString {
        ByteString("\(product)/\(channel)/\(version)/\(file)")
    }

    package func manifest(_ version: Version) -> ByteString { target(version, .manifest) }
    package func listing(_ version: Version) -> ByteString { target(version, .listing) }
    package func archive(_ version: Version) -> ByteString { target(version, .archive(product, version)) }

    /// Version and file of a target path of this product and channel, or nil for any other path.
    package func split(_ target: ByteString) -> (version: Version, file: ReleaseFileName)? {
        let parts = target.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { ByteString(Array($0)) }
        guard parts.count == 4, parts[0] == product.text, parts[1] == channel.text,
            let version = try? Version(parts[2]), let file = try? ReleaseFileName(parts[3])
        else { return nil }
        return (version, file)
    }

    /// Where a target stands below `targets/` with consistent snapshots: `<folder>/<sha256>.<file>` (TUF 6.2).
    package static func stored(_ target: ByteString, sha256: Digest) -> ByteString {
        stored(target, digest: sha256.hex)
    }

    /// Likewise with any other hash that the metadata states, in hexadecimal.
    package static func stored(_ target: ByteString, digest: String) -> ByteString {
        guard let slash = target.bytes.lastIndex(of: UInt8(ascii: "/")) else {
            return ByteString(Array("\(digest).".utf8) + target.bytes)
        }
        let (folder, file) = (target.bytes[...slash], target.bytes[(slash + 1)...])
        return ByteString(folder + Array("\(digest).".utf8) + file)
    }
}
