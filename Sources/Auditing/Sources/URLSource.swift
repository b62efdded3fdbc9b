import DurableStorage
import Primitives
import SystemPackage
import Transport

/// A server that publishes the folder. It cannot be asked what else it holds.
package struct URLSource: AuditSource {
    package var name: String { HTTPAddress.displayed(base) }
    package var entries: [PublishedEntry]? { nil }
    private let base: String
    private let client: HTTPClient
    private let scratch: FilePath
    private let storage: DurableStorage

    /// `base` is the address of the folder that holds `metadata/` and `targets/`; `scratch` an empty folder of our own,
    /// where one target at a time is kept while it is read. Throws `TransportFault` for an address that is none.
    package init(_ base: String, client: HTTPClient, scratch: FilePath, storage: DurableStorage = DurableStorage())
        throws
    {
        try HTTPAddress.checkBase(base)
        self.base = base
        self.client = client
        self.scratch = scratch
        self.storage = storage
    }

    package func read(_ path: PublishedPath, limit: Int) throws -> [UInt8]? {
        switch try client.fetch(HTTPRequest(url: url(of: path), limit: limit)) {
        case .ok(let bytes): return bytes
        case .notFound: return nil
        case .notModified: return nil
        }
    }

    package func withFile(_ path: PublishedPath, length: Int, _ body: (FilePath) throws -> Void) throws -> Bool {
        let file = scratch.appending("target")
        // What an earlier, broken download left belongs to another target.
        try storage.remove(file)
        defer { try? storage.remove(file) }
        do {
            try download(path, to: file, length: length)
        } catch let fault as TransportFault where fault.code == .httpStatus && Self.absent.contains(fault.found) {
            return false
        }
        try body(file)
        return true
    }

    /// A transfer that breaks off is tried once more. One that ends at the same byte again did not break off: the
    /// server's file is shorter than it ought to be, which whoever looks at `file` will see.
    private func download(_ path: PublishedPath, to file: FilePath, length: Int) throws {
        let url = try url(of: path)
        do {
            try client.download(url, to: file, expectedLength: length, storage: storage)
        } catch let fault as TransportFault where fault.code == .truncated {
            let first = try storage.info(file)?.size
            do {
                try client.download(url, to: file, expectedLength: length, storage: storage)
            } catch let fault as TransportFault where fault.code == .truncated {
                guard try storage.info(file)?.size == first else { throw fault }
            }
        }
    }

    private static let absent: [String?] = ["403", "404", "410"]

    private func url(of path: PublishedPath) throws(TransportFault) -> String {
        switch path {
        // Its name is percent-encoded already.
        case .metadata(let name): try HTTPAddress.join(base, ["metadata"]) + "/" + name
        case .target, .log: try HTTPAddress.join(base, path: path.text)
        }
    }
}
