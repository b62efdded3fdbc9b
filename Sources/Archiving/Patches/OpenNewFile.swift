import DurableStorage
internal import Glibc
import Primitives
import SystemPackage

/// A file of a tree that is being made, open for writing; closed when released.
final class OpenNewFile {
    let descriptor: Int32
    private let path: ByteString
    private let walk: FolderWalk
    private let mode: mode_t
    private var isOpen = true

    /// Makes it: nothing may stand at `path`.
    init(_ path: ByteString, in walk: FolderWalk, executable: Bool, _ storage: DurableStorage) throws {
        try storage.announce(.write(walk.filePath(path)))
        (self.path, self.walk, mode) = (path, walk, executable ? 0o755 : 0o644)
        descriptor = try walk.with(path) { folder, name in
            openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else {
            isOpen = false
            throw walk.fault("open", path)
        }
    }

    deinit {
        if isOpen { close(descriptor) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw walk.fault("write", path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Gives it its mode, and closes it.
    func finish() throws {
        guard fchmod(descriptor, mode) == 0 else { throw walk.fault("chmod", path) }
        isOpen = false
        guard close(descriptor) == 0 else { throw walk.fault("close", path) }
    }
}
