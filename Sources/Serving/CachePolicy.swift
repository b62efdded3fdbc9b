import Primitives
import Signatures

/// How long caches may keep a file without asking again.
enum CachePolicy {
    /// A name whose content never changes: it carries the version or the digest.
    static let immutable = "public, max-age=31536000, immutable"
    /// What a client asks for first to learn whether there is something new.
    static let fresh = "public, max-age=60"
    static let short = "public, max-age=300"
    /// Answers that are not a file. The next version of a role is missing until it is published.
    static let failure = "no-cache"

    /// The log's checkpoint: what was published a moment ago must not be missing from what a client goes by.
    static let freshest = "public, max-age=5"

    static func of(_ file: PublishedFile) -> String {
        if LogPath.isCheckpoint(file.path) { return freshest }
        if LogPath.isTile(file.path) { return immutable }
        let name = file.name
        if name.elementsEqual("timestamp.json".utf8) { return fresh }
        return isVersioned(name) || isHashed(name, file) ? immutable : short
    }

    /// `N.role.json`: TUF metadata under consistent snapshots.
    private static func isVersioned(_ name: ArraySlice<UInt8>) -> Bool {
        let digits = name.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let rest = name.dropFirst(digits.count)
        return !digits.isEmpty && rest.first == UInt8(ascii: ".") && rest.count > ".json".utf8.count
            && rest.suffix(5).elementsEqual(".json".utf8)
    }

    /// `<sha256>.name`, and true: a damaged file must not stay in caches for a year.
    private static func isHashed(_ name: ArraySlice<UInt8>, _ file: PublishedFile) -> Bool {
        let prefix = Array((file.digest.hex + ".").utf8)
        return name.starts(with: prefix) && name.count > prefix.count
    }
}

/// Files of the transparency log (C2SP tlog-tiles), by their path in the published folder.
enum LogPath {
    static func isCheckpoint(_ path: ByteString) -> Bool { path == "log/checkpoint" }

    /// Tiles of hashes and bundles of entries, full and partial: all are named by the part of the tree they hold.
    static func isTile(_ path: ByteString) -> Bool { path.bytes.starts(with: "log/tile/".utf8) }
}
