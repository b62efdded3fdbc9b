import DurableStorage
import Primitives
import SystemPackage

/// Trusted metadata as files, one a role.
package struct FileMetadataStore: MetadataStore {
    package let folder: FilePath
    private let storage: DurableStorage

    package init(folder: FilePath, storage: DurableStorage) {
        self.folder = folder
        self.storage = storage
    }

    package func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]? {
        do { return try storage.readIfPresent(folder.appending(fileName), limit: limit) } catch {
            // As good as lost: it is fetched again.
            guard error.code == .tooLong else { throw error }
            return nil
        }
    }

    package func saveMetadata(_ bytes: [UInt8], as fileName: String) throws {
        try storage.makeDirectory(folder, mode: .privateDirectory)
        try storage.write(bytes, to: folder.appending(fileName))
    }

    package func removeMetadata(_ fileName: String) throws {
        try storage.remove(folder.appending(fileName))
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
