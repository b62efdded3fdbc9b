import CanonicalJSON
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// One release as a channel's metadata lists it: its `release.json` target and the facts beside it.
package struct ListedRelease: Sendable {
    /// Target path of `release.json`.
    package let path: ByteString
    package let file: TargetFile
    package let facts: ReleaseFacts

    /// Every release that `targets` lists, oldest version first. Targets without facts are files of a release.
    package static func all(in targets: Targets) -> [ListedRelease] {
        targets.targets.compactMap { path, file in
            guard let custom = file.custom, let facts = try? ReleaseFacts.decode(.object(custom)) else { return nil }
            return ListedRelease(path: path, file: file, facts: facts)
        }.sorted { $0.facts.version < $1.facts.version }
    }
}

extension Workspace {
    /// Where a listed target stands: staged, else live, else nowhere.
    func locate(_ path: ByteString, _ digest: Digest) throws -> FilePath? {
        guard Self.isSafe(path) else { return nil }
        let stored = ReleasePaths.stored(path, sha256: digest)
        for folder in [stagedTargets, liveTargets] {
            let file = Self.file(stored, below: folder)
            if try storage.info(file)?.kind == .file { return file }
        }
        return nil
    }

    /// The manifest of a listed release, checked against the hash that is listed.
    package func loadManifest(_ listed: ListedRelease) throws -> ReleaseManifest {
        let bytes = try loadTarget(listed.path, listed.file, limit: ReleaseLimits.manifestBytes)
        return try ReleaseManifest.decode(bytes)
    }

    /// A whole target, checked against what is listed.
    func loadTarget(_ path: ByteString, _ file: TargetFile, limit: Int) throws -> [UInt8] {
        guard let digest = file.facts.sha256, let place = try locate(path, digest) else {
            throw PublishingFault(.stagedFileMissing, at: "\(path)")
        }
        let bytes = try storage.read(place, limit: limit)
        do { try file.facts.check(bytes, at: place.string) } catch {
            throw PublishingFault(
                .stagedFileChanged, found: error.found, expected: error.expected, at: place.string)
        }
        return bytes
    }
}
