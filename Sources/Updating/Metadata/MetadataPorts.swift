import Primitives
import Signatures

/// What came of asking for a file.
package enum FetchedFile: Sendable {
    case bytes([UInt8])
    /// The other side still has what we hold.
    case notModified
    /// The other side says clearly that it has no such file.
    case absent
}

/// Where metadata comes from: a server, a folder, a test.
package protocol MetadataFetcher {
    /// The file `name` (already fit for a URL path segment), refused when longer than `limit` bytes.
    ///
    /// - Parameter held: digest of the copy we hold, if `notModified` is an acceptable answer.
    /// - Throws: when it cannot be known whether there is such a file. That is never `absent`.
    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile
}

/// Where trusted metadata is kept between runs, one file a role, byte for byte as verified.
package protocol MetadataStore {
    /// The bytes last saved, or nil when there are none or they are longer than `limit`.
    func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]?
    /// Durable when it returns.
    func saveMetadata(_ bytes: [UInt8], as fileName: String) throws
    func removeMetadata(_ fileName: String) throws
}
