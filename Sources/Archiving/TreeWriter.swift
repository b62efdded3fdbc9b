internal import CArchive
import DurableStorage
internal import Glibc
import Primitives
import Releases
import Synchronization
import SystemPackage

/// Makes the files of a fresh tree through libarchive with its secure flags: nothing is written through a link, over
/// something, or by way of `..`. Not for use from two threads at once.
///
/// What is made comes from the listing, never from the archive: an archive cannot bring an owner, a time, an access
/// list or any other attribute.
final class TreeWriter {
    /// Inside the calls that take this turn, libarchive sets the umask of the whole process to 0 and back: two at once
    /// could leave it at 0. Our own files have exact modes whatever the umask; a child process started just then has not.
    private static let umaskTurn = Mutex(())

    private let storage: DurableStorage
    private let root: FilePath
    private let disk: OpaquePointer
    private let entry: OpaquePointer

    /// `root` is a folder that was just made. libarchive follows no link on the way to a file, so the root's own path is
    /// resolved first; a link above the root is the administrator's.
    init(_ root: FilePath, storage: DurableStorage) throws {
        guard let resolved = realpath(root.string, nil) else {
            throw StorageFault(Errno(rawValue: errno), "realpath", at: root)
        }
        defer { free(resolved) }
        guard let disk = Self.umaskTurn.withLock({ _ in archive_write_disk_new() }) else {
            throw ArchiveFault(.failed, found: "no memory")
        }
        guard let entry = archive_entry_new() else {
            archive_write_free(disk)
            throw ArchiveFault(.failed, found: "no memory")
        }
        (self.root, self.storage, self.disk, self.entry) = (FilePath(platformString: resolved), storage, disk, entry)
        // ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS would refuse the root itself: the path policy refuses absolute paths.
        try check(
            archive_write_disk_set_options(
                disk,
                ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_NO_OVERWRITE | ARCHIVE_EXTRACT_SECURE_SYMLINKS
                    | ARCHIVE_EXTRACT_SECURE_NODOTDOT), at: root)
    }

    deinit {
        archive_write_free(disk)
        archive_entry_free(entry)
    }

    /// Makes what is listed; the content of a file follows.
    func begin(_ listed: TreeEntry) throws {
        let path = root.appending(FilePath(String(decoding: listed.path.bytes, as: UTF8.self)).components)
        archive_entry_clear(entry)
        path.withPlatformString { archive_entry_set_pathname(entry, $0) }
        archive_entry_set_perm(entry, listed.mode)
        archive_entry_set_size(entry, Int64(listed.size))
        switch listed.kind {
        case .directory:
            archive_entry_set_filetype(entry, FileType.directory)
            try storage.announce(.makeDirectory(path))
        case .file:
            archive_entry_set_filetype(entry, FileType.file)
            try storage.announce(.write(path))
        case .link(let target):
            archive_entry_set_filetype(entry, FileType.link)
            withCString(target) { archive_entry_set_symlink(entry, $0) }
            try storage.announce(.makeLink(path, target: target.description))
        }
        try check(Self.umaskTurn.withLock { _ in archive_write_header(disk, entry) }, at: path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        let count = archive_write_data(disk, bytes.baseAddress, bytes.count)
        try check(count == bytes.count ? ARCHIVE_OK : ARCHIVE_FATAL, at: root)
    }

    func end() throws {
        try check(archive_write_finish_entry(disk), at: root)
    }

    /// Gives folders their modes.
    func finish() throws {
        try check(archive_write_close(disk), at: root)
    }

    private func check(_ result: Int32, at path: FilePath) throws {
        guard result != ARCHIVE_OK else { return }
        let number = archive_errno(disk)
        if number > 0 { throw StorageFault(Errno(rawValue: number), "write", at: path) }
        throw ArchiveFault.current(.failed, disk, at: ByteString(path.string))
    }
}
