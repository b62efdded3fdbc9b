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

    /// Hands what follows the first `offset` bytes of the file at `path` below `log/` to `sink`, piece by piece, and no
    /// more than `limit` bytes of it. False when the mirror says clearly that it has no such file.
    ///
    /// - Throws: also when the file is shorter than `offset`, and whatever `sink` throws.
    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool
}

/// A mirror behind HTTP: metadata below one address, targets below another. `client` asks, in this process or by another one.
package struct HTTPMirror: RepositoryMirror {
    package let name: String
    private let client: any HTTPFetching
    private let storage: DurableStorage
    private let metadata: String
    private let targets: String
    /// Nil where others publish: there is no log of ours.
    private let log: String?

    /// As our own repositories are published: `<base>/metadata/…`, `<base>/targets/…`, `<base>/log/…`. `base` may end
    /// in a slash or not.
    package init(_ base: String, client: any HTTPFetching, storage: DurableStorage) {
        let folder = base.utf8.last == UInt8(ascii: "/") ? base : base + "/"
        self.init(
            name: base, metadata: folder + "metadata", targets: folder + "targets", log: folder + "log",
            client: client, storage: storage)
    }

    /// Where others publish theirs. Either may end in a slash or not.
    package init(metadata: String, targets: String, client: any HTTPFetching, storage: DurableStorage) {
        self.init(name: metadata, metadata: metadata, targets: targets, log: nil, client: client, storage: storage)
    }

    private init(
        name: String, metadata: String, targets: String, log: String?, client: any HTTPFetching, storage: DurableStorage
    ) {
        self.name = HTTPAddress.displayed(name)
        self.client = client
        self.storage = storage
        self.metadata = metadata
        self.targets = targets
        self.log = log
    }

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        // The name is fit for an address as it is; encoding it once more would ask for another file.
        let url = try HTTPAddress.join(metadata, []) + name
        switch try client.fetch(HTTPRequest(url: url, limit: limit, ifNoneMatch: held)) {
        case .ok(let bytes): return .bytes(bytes)
        case .notModified: return .notModified
        case .notFound: return .absent
        }
    }

    package func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        guard let log else { return false }
        return try client.fetch(try HTTPAddress.join(log, path: path), from: offset, limit: limit, into: sink)
    }

    package func fetchTarget(
        _ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void
    ) throws {
        let url = try HTTPAddress.join(targets, path: path)
        try client.download(url, to: partial, expectedLength: length, storage: storage, progress: progress)
    }
}
