import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Brings signed files here, from any mirror: their hash says whether they are the right ones.
package struct TargetDownload {
    /// Where files are, whole and in part, by their digest.
    private let folder: FilePath
    private let mirrors: Mirrors
    private let storage: DurableStorage
    private let consistentSnapshot: Bool
    private let progress: (ByteString, Int, Int) -> Void

    /// `progress` is told the path, how many bytes are here, and of how many.
    package init(
        folder: FilePath, mirrors: Mirrors, storage: DurableStorage, consistentSnapshot: Bool,
        progress: @escaping (ByteString, Int, Int) -> Void
    ) {
        self.folder = folder
        self.mirrors = mirrors
        self.storage = storage
        self.consistentSnapshot = consistentSnapshot
        self.progress = progress
    }

    /// The path of a file that has been checked against `target`.
    package func fetch(_ target: SignedTarget) throws -> FilePath {
        try storage.makeDirectory(folder, mode: .privateDirectory)
        let file = folder.appending(target.digest)
        if try target.isWhole(at: file, storage) { return file }
        try mirrors.ask { try fetch(target, from: $0, to: file) }
        return file
    }

    /// The bytes of a small file, checked.
    func load(_ target: SignedTarget, limit: Int) throws -> [UInt8] {
        guard target.length <= limit else {
            throw AgentFault(
                .tooLarge, found: "\(target.length) bytes", expected: "at most \(limit)", at: "\(target.path)")
        }
        let bytes = try storage.read(try fetch(target), limit: limit)
        guard (try? target.facts.check(bytes, at: "")) != nil else { throw Self.wrongHash(target, at: folder.string) }
        return bytes
    }

    /// What an earlier run left may belong to something else; then it goes, and the file is fetched anew, once.
    private func fetch(_ target: SignedTarget, from mirror: any RepositoryMirror, to file: FilePath) throws {
        let isContinued = (try storage.info(file)?.size ?? 0) > 0
        if try fetchOnce(target, from: mirror, to: file) { return }
        if isContinued, try fetchOnce(target, from: mirror, to: file) { return }
        throw Self.wrongHash(target, at: mirror.name)
    }

    /// False when the file has another hash; it is removed then.
    private func fetchOnce(_ target: SignedTarget, from mirror: any RepositoryMirror, to file: FilePath) throws -> Bool
    {
        let path = consistentSnapshot ? ReleasePaths.stored(target.path, digest: target.digest) : target.path
        try mirror.fetchTarget(path, length: target.length, to: file) { progress(target.path, $0, target.length) }
        if try target.isWhole(at: file, storage) { return true }
        try storage.remove(file)
        return false
    }

    private static func wrongHash(_ target: SignedTarget, at place: String) -> AgentFault {
        AgentFault(
            .wrongHash, found: "\(target.length) other bytes", expected: target.digest,
            at: "\(target.path) of \(place)")
    }
}
