import Primitives
import Signatures
import TransparencyLog

/// The files of a published log.
struct LogFiles {
    static let checkpoint = PublishedPath.log("checkpoint")

    /// Where below `log/` this log is, with a slash at its end: empty, or that of a former one.
    var folder: ByteString = ""
    /// The file of at most so many bytes; nil when there is none.
    let read: (PublishedPath, Int) throws -> [UInt8]?
    /// Told of a file that ought to be there.
    let addMissing: (AuditFindingCode, _ expected: String?, PublishedPath) -> Void

    var checkpoint: PublishedPath { path("checkpoint") }

    /// Of a tile or bundle.
    func path(_ name: ByteString) -> PublishedPath { .log(ByteString(folder.bytes + name.bytes)) }

    /// The files of a log that another one has followed.
    func former(_ origin: ByteString) -> LogFiles {
        var files = self
        files.folder = ByteString("former/\(Digest.sha256(of: origin.bytes))/")
        return files
    }

    /// The entries of a bundle. One that is not full may have been replaced by what it grew into, which begins with it.
    /// Nil when there is neither. Throws `LogFault` for what is no bundle.
    func entries(of id: BundleID) throws -> [[UInt8]]? {
        if let bytes = try read(path(id.path), EntryBundle.byteLimit) {
            return try EntryBundle.decode(bytes, width: id.width)
        }
        guard !id.isFull, let bytes = try read(path(id.full.path), EntryBundle.byteLimit) else { return nil }
        return Array(try EntryBundle.decode(bytes, width: id.full.width).prefix(id.width))
    }

    /// The content of a tile, exactly as wide as asked, likewise.
    func tile(_ id: TileID) throws -> [UInt8]? {
        if let bytes = try read(path(id.path), Tile.byteLimit) { return bytes }
        guard !id.isFull, let bytes = try read(path(id.full.path), Tile.byteLimit) else { return nil }
        return Array(try Tile(decoding: bytes, width: id.full.width).encoded.prefix(id.width * Digest.byteCount))
    }
}
