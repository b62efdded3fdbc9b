import Primitives
import Signatures
import TransparencyLog

/// The files of a published log, by their paths below `log/`.
struct LogFiles {
    static let checkpoint = PublishedPath.log("checkpoint")

    /// The file of at most so many bytes; nil when there is none.
    let read: (PublishedPath, Int) throws -> [UInt8]?
    /// Told of a file that ought to be there.
    let addMissing: (AuditFindingCode, _ expected: String?, PublishedPath) -> Void

    /// The entries of a bundle. One that is not full may have been replaced by what it grew into, which begins with it.
    /// Nil when there is neither. Throws `LogFault` for what is no bundle.
    func entries(of id: BundleID) throws -> [[UInt8]]? {
        if let bytes = try read(.log(id.path), EntryBundle.byteLimit) {
            return try EntryBundle.decode(bytes, width: id.width)
        }
        guard !id.isFull, let bytes = try read(.log(id.full.path), EntryBundle.byteLimit) else { return nil }
        return Array(try EntryBundle.decode(bytes, width: id.full.width).prefix(id.width))
    }

    /// The content of a tile, exactly as wide as asked, likewise.
    func tile(_ id: TileID) throws -> [UInt8]? {
        if let bytes = try read(.log(id.path), Tile.byteLimit) { return bytes }
        guard !id.isFull, let bytes = try read(.log(id.full.path), Tile.byteLimit) else { return nil }
        return Array(try Tile(decoding: bytes, width: id.full.width).encoded.prefix(id.width * Digest.byteCount))
    }
}
