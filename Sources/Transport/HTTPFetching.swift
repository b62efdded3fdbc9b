import DurableStorage
import Primitives
import SystemPackage

/// Who asks servers: an `HTTPClient`, or somebody who has one asked by another process. Nothing received is trusted; limits are
/// enforced, hashes and signatures are the caller's business.
package protocol HTTPFetching: AnyObject {
    func fetch(_ request: HTTPRequest) throws -> HTTPResponse

    /// Hands what follows the first `offset` bytes of a file to `sink`, piece by piece; false when there is no such file.
    ///
    /// A server that does not serve parts is asked for the whole file, and its beginning is read over. No more than
    /// `limit` bytes reach `sink`. Throws `TransportFault`, and whatever `sink` throws.
    func fetch(
        _ url: String, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool

    /// Hands what follows the first `offset` of the `length` bytes of a large file to `sink`, piece by piece, all of it; false
    /// when the server cannot go on from there, and nothing was handed over.
    ///
    /// Throws `TransportFault`, and whatever `sink` throws.
    func fetchRest(
        _ url: String, from offset: Int, of length: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool
}

extension HTTPFetching {
    /// Fetches a large file into `partial`, going on from what an earlier run left there; at the end `partial` holds
    /// `expectedLength` bytes, flushed. Whether they are the right ones, the caller finds out by their hash (and removes
    /// `partial` when not).
    ///
    /// Never writes more than `expectedLength` bytes. After a fault `partial` holds what was received, for the next run.
    /// `progress` is told the bytes in `partial`; an error it throws stops the transfer and comes out of here.
    /// Throws `TransportFault` and `StorageFault`.
    package func download(
        _ url: String, to partial: FilePath, expectedLength: Int, storage: DurableStorage,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        let offset = try usableLength(of: partial, expectedLength: expectedLength, storage)
        if offset == expectedLength, offset > 0 { return }
        if try append(url, from: offset, of: expectedLength, to: partial, storage, progress) { return }
        try storage.remove(partial)
        _ = try append(url, from: 0, of: expectedLength, to: partial, storage, progress)
    }

    /// The bytes of an earlier run; what cannot be a beginning of the file is removed.
    private func usableLength(
        of partial: FilePath, expectedLength: Int, _ storage: DurableStorage
    ) throws(StorageFault) -> Int {
        guard let info = try storage.info(partial) else { return 0 }
        if info.kind == .file, info.size <= expectedLength { return info.size }
        try storage.remove(partial)
        return 0
    }

    private func append(
        _ url: String, from offset: Int, of length: Int, to partial: FilePath, _ storage: DurableStorage,
        _ progress: (Int) throws -> Void
    ) throws -> Bool {
        var isDone = false
        try storage.append(to: partial) { file in
            var position = offset
            isDone = try fetchRest(url, from: offset, of: length) { bytes in
                try file.append(bytes)
                position += bytes.count
                try progress(position)
            }
        }
        return isDone
    }
}
