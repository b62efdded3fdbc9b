import DurableStorage
internal import Glibc
import Primitives
import SystemPackage

/// A folder whose content is named by bytes: names on a disk need not be UTF-8, and `FilePath` is for those that are.
struct TreeRoot: Sendable {
    private let bytes: [UInt8]

    init(_ tree: FilePath) {
        bytes = tree.withPlatformString { text in Array(UnsafeBufferPointer(start: text, count: strlen(text))) }
            .map(UInt8.init(bitPattern:))
    }

    /// The path of `path` below the root, as the system wants it; the root's own when `path` is empty.
    func withCPath<Result>(_ path: ByteString, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let full = path.isEmpty ? bytes : bytes + [UInt8(ascii: "/")] + path.bytes
        return (full.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
            // Never nil: the array has at least its final zero.
            guard let base = buffer.baseAddress else { return body("") }
            return body(base)
        }
    }

    /// For messages.
    func filePath(_ path: ByteString) -> FilePath {
        FilePath(String(decoding: path.isEmpty ? bytes : bytes + [UInt8(ascii: "/")] + path.bytes, as: UTF8.self))
    }

    /// The status of what stands at `path`, links not followed.
    func status(_ path: ByteString) throws(StorageFault) -> stat {
        var status = stat()
        guard withCPath(path, { lstat($0, &status) }) == 0 else { throw fault("lstat", path) }
        return status
    }

    /// Where the link at `path` points to.
    func linkTarget(_ path: ByteString) throws(StorageFault) -> ByteString {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = withCPath(path) { readlink($0, &buffer, buffer.count) }
        guard count >= 0 else { throw fault("readlink", path) }
        return ByteString(buffer.prefix(count).map(UInt8.init(bitPattern:)))
    }

    /// The names in the folder at `path`, in byte order; the root's own when `path` is empty.
    func names(_ path: ByteString) throws(StorageFault) -> [ByteString] {
        // Only the root may be a link.
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (path.isEmpty ? 0 : O_NOFOLLOW)
        let descriptor = withCPath(path) { Glibc.open($0, flags) }
        guard descriptor >= 0 else { throw fault("open", path) }
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            throw fault("fdopendir", path)
        }
        defer { closedir(folder) }
        var names: [ByteString] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { ByteString(Array($0.prefix { $0 != 0 })) }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw fault("readdir", path) }
        return names.sorted()
    }

    /// Opens a regular file for reading, without following a link or waiting for a FIFO.
    func open(file path: ByteString) throws(StorageFault) -> TreeFile {
        let descriptor = withCPath(path) { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { throw fault("open", path) }
        return TreeFile(FileDescriptor(rawValue: descriptor), at: filePath(path))
    }

    func fault(_ operation: String, _ path: ByteString) -> StorageFault {
        StorageFault(Errno(rawValue: errno), operation, at: filePath(path))
    }
}

/// A file of a tree, open for reading; closed when released.
final class TreeFile {
    private let descriptor: FileDescriptor
    private let path: FilePath

    fileprivate init(_ descriptor: FileDescriptor, at path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        try? descriptor.close()
    }

    func status() throws(StorageFault) -> stat {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            throw StorageFault(Errno(rawValue: errno), "fstat", at: path)
        }
        return status
    }

    /// The next bytes into `buffer`; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StorageFault) -> Int {
        do { return try descriptor.read(into: buffer) } catch let error as Errno {
            throw StorageFault(error, "read", at: path)
        } catch {
            throw StorageFault(.failed, at: path.string)
        }
    }
}
