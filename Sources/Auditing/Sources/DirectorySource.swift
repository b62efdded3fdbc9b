import DurableStorage
import Primitives
import SystemPackage
import TUF

/// A published folder on this machine. Symbolic links in it are never followed, whatever stands at their end.
package struct DirectorySource: AuditSource {
    package let name: String
    private let root: String
    private let storage: DurableStorage
    private let all: [PublishedEntry]
    private let regularFiles: [ByteString: Int]

    package var entries: [PublishedEntry]? { all }

    /// Looks at everything in `metadata/`, `targets/` and `log/` of `folder`. Throws `AuditFault` or `StorageFault`.
    package init(_ folder: FilePath, limits: AuditLimits = AuditLimits(), storage: DurableStorage = DurableStorage())
        throws
    {
        guard try storage.info(folder.appending("metadata"))?.kind == .directory else {
            throw AuditFault(.notAFolder, at: folder.string)
        }
        name = folder.string
        root = folder.string
        self.storage = storage
        var walk = Walk(root: folder, limits: limits, storage: storage)
        for top in ["metadata", "targets", "log"] { try walk.visit(top, depth: 1) }
        all = walk.entries
        var files: [ByteString: Int] = [:]
        for case (let path, .file(let size)) in walk.entries.map({ ($0.path, $0.kind) }) { files[path] = size }
        regularFiles = files
    }

    package func read(_ path: PublishedPath, limit: Int) throws -> [UInt8]? {
        guard let size = regularFiles[path.text] else { return nil }
        guard size <= limit else {
            throw MetadataFault(.tooLong, found: "\(size) bytes", expected: "at most \(limit)", at: path.description)
        }
        return try storage.read(local(path), limit: limit)
    }

    package func withFile(_ path: PublishedPath, length: Int, _ body: (FilePath) throws -> Void) throws -> Bool {
        guard regularFiles[path.text] != nil else { return false }
        try body(local(path))
        return true
    }

    /// Only for names that were seen as a regular file in real folders: such a path holds no link and no `..`.
    private func local(_ path: PublishedPath) -> FilePath {
        FilePath("\(root)/\(String(decoding: path.text.bytes, as: UTF8.self))")
    }
}

private struct Walk {
    let root: FilePath
    let limits: AuditLimits
    let storage: DurableStorage
    var entries: [PublishedEntry] = []

    mutating func visit(_ path: String, depth: Int) throws {
        let place = root.appending(FilePath(path).components)
        guard let info = try storage.info(place) else { return }
        guard entries.count < limits.directoryEntries, depth <= limits.directoryDepth else {
            throw AuditFault(
                .tooLarge, expected: "at most \(limits.directoryEntries) files, \(limits.directoryDepth) folders deep",
                at: place.string)
        }
        entries.append(PublishedEntry(path: ByteString(path), kind: kind(info)))
        guard info.kind == .directory else { return }
        for name in try storage.list(place) { try visit("\(path)/\(name)", depth: depth + 1) }
    }

    private func kind(_ info: FileInfo) -> PublishedEntry.Kind {
        switch info.kind {
        case .file: .file(size: info.size)
        case .directory: .directory
        case .link: .irregular("a symbolic link")
        case .other: .irregular("a device, socket or pipe")
        }
    }
}
