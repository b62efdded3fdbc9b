import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF

/// A published folder on this machine as a mirror: `metadata/`, `targets/`, `log/`.
package struct FolderMirror: RepositoryMirror {
    package let name: String
    private let folder: FilePath
    private let storage: DurableStorage

    package init(_ folder: FilePath, storage: DurableStorage) {
        self.folder = folder
        self.storage = storage
        name = folder.string
    }

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        let file = try path(BundleName.metadata, ByteString(name))
        return try storage.readIfPresent(file, limit: limit).map { .bytes($0) } ?? .absent
    }

    package func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        let file = try self.path(BundleName.log, path)
        guard let bytes = try storage.readIfPresent(file, limit: offset + limit), bytes.count >= offset else {
            return false
        }
        try bytes.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0.dropFirst(offset))) }
        return true
    }

    package func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        let file = try self.path(BundleName.targets, path)
        guard let info = try storage.info(file) else { throw AgentFault(.targetUnavailable, at: file.string) }
        guard info.kind == .file, info.size == length else {
            throw AgentFault(.wrongHash, found: "\(info.size) bytes", expected: "\(length)", at: file.string)
        }
        try storage.copy(file, to: partial, mode: .privateFile)
        progress(length)
    }

    /// Names come out of metadata; only such as a bundle may have become a path here.
    private func path(_ part: ByteString, _ name: ByteString) throws -> FilePath {
        let whole = ByteString(part.bytes + name.bytes)
        try BundleName.check(whole)
        return folder.appending(FilePath(whole.description).components)
    }
}
