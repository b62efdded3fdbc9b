import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage

/// Brings signed files here, from any mirror: their hash says whether they are the right ones.
struct TargetDownload {
    let folder: FilePath
    let mirrors: [any RepositoryMirror]
    let storage: DurableStorage
    let consistentSnapshot: Bool
    let progress: (ByteString, Int, Int) -> Void

    /// The path of a file that has been checked against `target`.
    func fetch(_ target: SignedTarget) throws -> FilePath {
        try storage.makeDirectory(folder, mode: .privateDirectory)
        let file = folder.appending(target.sha256.hex)
        if try isWhole(file, target) { return file }
        var complaints: [MirrorComplaint] = []
        for mirror in mirrors {
            do {
                try fetch(target, from: mirror, to: file)
                return file
            } catch let fault as any ReportableFault {
                guard fault.isMirrors else { throw fault }
                complaints.append(MirrorComplaint(mirror: mirror.name, fault: fault))
            }
        }
        throw complaints.worst ?? AgentFault(.targetUnavailable, at: "\(target.path)")
    }

    /// The bytes of a small file, checked.
    func load(_ target: SignedTarget, limit: Int) throws -> [UInt8] {
        guard target.length <= limit else {
            throw AgentFault(
                .tooLarge, found: "\(target.length) bytes", expected: "at most \(limit)", at: "\(target.path)")
        }
        let bytes = try storage.read(try fetch(target), limit: limit)
        guard Digest.sha256(of: bytes) == target.sha256 else { throw Self.wrongHash(target, at: folder.string) }
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
        let path = consistentSnapshot ? ReleasePaths.stored(target.path, sha256: target.sha256) : target.path
        try mirror.fetchTarget(path, length: target.length, to: file) { progress(target.path, $0, target.length) }
        if try isWhole(file, target) { return true }
        try storage.remove(file)
        return false
    }

    private func isWhole(_ file: FilePath, _ target: SignedTarget) throws -> Bool {
        guard let info = try storage.info(file), info.kind == .file, info.size == target.length else { return false }
        let hasher = SHA256Hasher()
        try ReadableFile(file).forEachChunk { hasher.update($0) }
        return hasher.finish() == target.sha256
    }

    private static func wrongHash(_ target: SignedTarget, at place: String) -> AgentFault {
        AgentFault(
            .wrongHash, found: "\(target.length) other bytes", expected: "sha256 \(target.sha256)",
            at: "\(target.path) of \(place)")
    }
}
