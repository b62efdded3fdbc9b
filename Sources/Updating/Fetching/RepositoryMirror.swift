import DurableStorage
import Primitives
import Signatures
import SystemPackage
import Transport

/// One place that publishes a repository: metadata and targets. Nothing it gives is trusted.
package protocol RepositoryMirror: MetadataFetcher {
    /// For messages.
    var name: String { get }

    /// Fetches the file at `path` below `targets/` into `partial`, going on from what stands there. At the end `partial`
    /// has `length` bytes; whether they are the right ones the caller finds out.
    ///
    /// Never writes more than `length` bytes. `progress` is told how many are there.
    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws
}

/// A mirror behind HTTP: `<base>/metadata/…`, `<base>/targets/…`.
package struct HTTPMirror: RepositoryMirror {
    private let client: HTTPClient
    private let base: String
    private let storage: DurableStorage

    /// `base` may end in a slash or not.
    package init(_ base: String, client: HTTPClient, storage: DurableStorage) {
        self.client = client
        self.storage = storage
        self.base = base
    }

    package var name: String { HTTPAddress.displayed(base) }

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        // The name is fit for an address as it is; encoding it once more would ask for another file.
        let url = try HTTPAddress.join(base, ["metadata"]) + "/" + name
        switch try client.fetch(HTTPRequest(url: url, limit: limit, ifNoneMatch: held)) {
        case .ok(let bytes): return .bytes(bytes)
        case .notModified: return .notModified
        case .notFound: return .absent
        }
    }

    package func fetchTarget(
        _ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void
    ) throws {
        let url = try HTTPAddress.join(HTTPAddress.join(base, ["targets"]), path: path)
        try withoutActuallyEscaping(progress) { progress in
            try client.download(url, to: partial, expectedLength: length, storage: storage) { progress($0) }
        }
    }
}
