internal import Glibc
import Primitives
import SystemPackage

/// What stands at a path, links not followed.
package struct FileInfo: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file
        case directory
        case link
        case other
    }

    package let kind: Kind
    package let permissions: FilePermissions
    /// Bytes.
    package let size: Int
    /// The user's number.
    package let owner: UInt32
}

extension DurableStorage {
    /// What stands at `path`, or nil when nothing does.
    package func info(_ path: FilePath) throws(StorageFault) -> FileInfo? {
        var status = stat()
        guard lstat(path.string, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .current("lstat", at: path)
        }
        let kind: FileInfo.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        return FileInfo(
            kind: kind, permissions: FilePermissions(rawValue: status.st_mode & 0o7777), size: Int(status.st_size),
            owner: status.st_uid)
    }

    /// A whole file of at most `limit` bytes.
    package func read(_ path: FilePath, limit: Int) throws(StorageFault) -> [UInt8] {
        let file = try ReadableFile(path)
        var bytes: [UInt8] = []
        while true {
            // One byte more than allowed, to see that there is more.
            let chunk = try file.read(atMost: min(1 << 20, max(0, limit - bytes.count)) + 1)
            if chunk.isEmpty { return bytes }
            bytes += chunk
            guard bytes.count <= limit else {
                throw StorageFault(.tooLong, expected: "at most \(limit) bytes", at: path.string)
            }
        }
    }

    /// Like `read`, or nil when there is no such file.
    package func readIfPresent(_ path: FilePath, limit: Int) throws(StorageFault) -> [UInt8]? {
        do {
            return try read(path, limit: limit)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// The names in a folder, in byte order, without `.` and `..`. Bytes that are not UTF-8 become replacement characters:
    /// such a file is none of ours and cannot be opened by the name given here.
    package func list(_ path: FilePath) throws(StorageFault) -> [String] {
        guard let folder = opendir(path.string) else { throw .current("opendir", at: path) }
        defer { closedir(folder) }
        return try rawNames(in: folder, at: path)
            .map { String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
            .sorted { ByteString($0) < ByteString($1) }
    }

    /// Where the link at `path` points to, or nil when there is no link.
    package func linkTarget(_ path: FilePath) throws(StorageFault) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path.string, &buffer, buffer.count)
        guard length >= 0 else {
            if errno == ENOENT || errno == EINVAL || errno == ENOTDIR { return nil }
            throw .current("readlink", at: path)
        }
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
