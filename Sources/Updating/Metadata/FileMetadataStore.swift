import DurableStorage
import Primitives
import Signatures
import SystemPackage

/// Trusted metadata as files, one a role, under the names it is asked for by.
package struct FileMetadataStore: MetadataStore {
    package let folder: FilePath
    private let storage: DurableStorage
    /// File systems hold 255 bytes of a name, of which a temporary file needs a few.
    private static let longestName = 200

    package init(folder: FilePath, storage: DurableStorage) {
        self.folder = folder
        self.storage = storage
    }

    /// A role may have a name of any length. One too long for a file is known by its SHA-256, behind a sign that no
    /// escaped name begins with.
    private func path(_ fileName: String) -> FilePath {
        guard fileName.utf8.count > Self.longestName else { return folder.appending(fileName) }
        return folder.appending("%long-\(Digest.sha256(of: Array(fileName.utf8))).json")
    }

    package func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]? {
        do { return try storage.readIfPresent(path(fileName), limit: limit) } catch {
            // As good as lost: it is fetched again.
            guard error.code == .tooLong else { throw error }
            return nil
        }
    }

    package func saveMetadata(_ bytes: [UInt8], as fileName: String) throws {
        try storage.makeDirectory(folder, mode: .privateDirectory)
        try storage.write(bytes, to: path(fileName))
    }

    package func removeMetadata(_ fileName: String) throws {
        try storage.remove(path(fileName))
    }
}

/// The same files for somebody who only looks: nothing is written.
struct ReadOnlyMetadataStore: MetadataStore {
    let base: FileMetadataStore

    func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]? {
        try base.loadMetadata(fileName, limit: limit)
    }

    func saveMetadata(_ bytes: [UInt8], as fileName: String) throws {}
    func removeMetadata(_ fileName: String) throws {}
}
