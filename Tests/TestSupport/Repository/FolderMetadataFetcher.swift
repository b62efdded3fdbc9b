import DurableStorage
import Primitives
import Signatures
import SystemPackage
import Updating

/// Metadata from a folder as a server would serve it.
package struct FolderMetadataFetcher: MetadataFetcher {
    let folder: FilePath

    package init(_ folder: FilePath) {
        self.folder = folder
    }

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        guard let bytes = try DurableStorage().readIfPresent(folder.appending(name), limit: limit) else {
            return .absent
        }
        return held == Digest.sha256(of: bytes) ? .notModified : .bytes(bytes)
    }
}
