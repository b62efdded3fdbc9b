import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF
import Updating

/// The folder of `--target-dir`. Only targets that are whole and right ever get there.
struct DestinationFolder {
    let folder: FilePath
    let updater: MetadataUpdater
    let download: TargetDownload
    let storage: DurableStorage

    private static let longestFileName = 200

    /// Downloads the target that the metadata lists under `name`, unless it stands there already.
    func fetch(_ name: String) throws {
        let path = ByteString(name)
        guard let listed = try updater.target(at: path) else {
            throw MetadataFault(.targetUnknown, found: "\(path)")
        }
        let target = try SignedTarget(path: path, listed)
        let destination = folder.appending(Self.fileName(of: path))
        if try target.isWhole(at: destination, storage) { return }
        let file = try download.fetch(target)
        try storage.makeDirectory(folder)
        do { try storage.rename(file, to: destination) } catch {
            // Another file system, for one.
            try storage.copy(file, to: destination)
            try storage.remove(file)
        }
    }

    /// Always the same name for a target path, and always one of this folder: `a/b` is `a%2Fb`. A path too long for a
    /// name is known by its SHA-256.
    static func fileName(of path: ByteString) -> String {
        let name = PercentEncoding.encode(path)
        if name.utf8.count > longestFileName { return Digest.sha256(of: path.bytes).hex }
        // Empty, `.`, `..`: not names of files.
        return name.allSatisfy { $0 == "." } ? "%" + name : name
    }
}
