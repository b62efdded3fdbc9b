import DurableStorage
internal import Glibc
import NIOCore
import SystemPackage

/// What tells one content of a file from another without reading it.
///
/// A rename makes a new inode, writing in place a new time of change: neither can be undone by setting times back.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    /// Bytes.
    let size: Int
    let modified: Instant
    let changed: Instant

    struct Instant: Hashable, Comparable, Sendable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
        }
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = Instant(status.st_mtim)
        changed = Instant(status.st_ctim)
    }

    /// Of what stands at `path`, links not followed; nil when nothing does.
    init?(at path: FilePath) {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether the bytes are still those of `other`. A rename or a removal changes neither of these.
    func hasContent(of other: FileIdentity) -> Bool { size == other.size && modified == other.modified }

    /// Of an open file; nil unless it is a regular file.
    init?(of descriptor: SystemPackage.FileDescriptor) {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }
}

/// A published file held open for reading; closed when the last publication that holds it is gone.
final class OpenFile: Sendable {
    let descriptor: SystemPackage.FileDescriptor

    /// Takes the descriptor over.
    init(_ descriptor: SystemPackage.FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        try? descriptor.close()
    }

    /// Opens a regular file in `path`; a link in the place of the file is refused.
    static func open(_ path: FilePath) throws(StorageFault) -> OpenFile {
        let raw = Glibc.open(path.string, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard raw >= 0 else { throw StorageFault(Errno(rawValue: errno), "open", at: path) }
        return OpenFile(SystemPackage.FileDescriptor(rawValue: raw))
    }

    /// A descriptor of its own for one answer: NIO lets only one event loop use a handle at a time. The caller closes it.
    func handleForOneAnswer() -> NIOFileHandle? {
        let raw = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 3)
        return raw >= 0 ? NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: raw) : nil
    }
}
