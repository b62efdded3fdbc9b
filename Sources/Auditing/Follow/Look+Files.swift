import DurableStorage
import Primitives
import Releases
import Signatures
import TransparencyLog

/// The large files of a release.
enum Artefacts {
    /// Its archive. How long its listing is stands in no `release.json`.
    static func of(_ manifest: ReleaseManifest) -> [MonitorState.MissingFile] {
        let paths = ReleasePaths(product: manifest.product, channel: manifest.channel)
        let archive = ReleasePaths.stored(paths.archive(manifest.version), sha256: manifest.archive.sha256)
        return [.init(path: .target(archive), sha256: manifest.archive.sha256, length: Int(manifest.archive.bytes))]
    }
}

extension Look {
    /// What the log promises and is not known to be there. What is still not to be had is looked for each time.
    func lookForMissing() throws {
        state.missing = try state.missing.filter { file in
            guard let found = try digest(of: file) else {
                ring(.unavailable, about: file.path.description, found: "nothing", at: "\(file.path) of \(source.name)")
                return true
            }
            guard found != file.sha256 else { return false }
            ring(
                .unavailable, about: file.path.description, found: "sha256 \(found)", expected: "sha256 \(file.sha256)",
                at: "\(file.path) of \(source.name)")
            return true
        }
    }

    private func digest(of file: MonitorState.MissingFile) throws -> Digest? {
        if case .target = file.path { return try digestOfTarget(file) }
        return try read(file.path, limit: file.length).map { Digest.sha256(of: $0) }
    }

    /// Read from end to end, however large.
    private func digestOfTarget(_ file: MonitorState.MissingFile) throws -> Digest? {
        var digest: Digest?
        guard file.length <= limits.targetBytes else { return nil }
        do {
            _ = try source.withFile(file.path, length: file.length) { local in
                let hasher = SHA256Hasher()
                try ReadableFile(local).forEachChunk { hasher.update($0) }
                digest = hasher.finish()
            }
        } catch let fault as any ReportableFault where fault.family == .refusal {
            return nil
        }
        return digest
    }
}
