import Updating

/// A metadata store that a test can look into.
package final class MemoryMetadataStore: MetadataStore {
    package var files: [String: [UInt8]] = [:]
    /// Names in the order they were saved.
    package var saves: [String] = []

    package init() {}

    package func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]? {
        files[fileName].flatMap { $0.count <= limit ? $0 : nil }
    }

    package func saveMetadata(_ bytes: [UInt8], as fileName: String) throws {
        files[fileName] = bytes
        saves.append(fileName)
    }

    package func removeMetadata(_ fileName: String) throws {
        files[fileName] = nil
    }
}
