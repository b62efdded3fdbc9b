import DurableStorage
internal import Glibc
import Primitives
import Serving
import SystemPackage

/// Finds what may be published below a folder: regular files under publishable names.
///
/// Symbolic links are not followed, neither to files nor to folders: every folder is opened from the one above it with
/// O_NOFOLLOW, so that a link cannot be slipped in between a look and an opening. Links, FIFOs, devices and hidden
/// names are passed over in silence: they are not published.
struct FolderWalk {
    static let maximumDepth = 16
    static let maximumFiles = 200_000

    struct Entry {
        /// Relative to the folder.
        let path: String
        let identity: FileIdentity
    }

    private let root: FilePath
    private(set) var entries: [Entry] = []

    /// Throws `StorageFault` or `ServingFault`.
    init(_ root: FilePath) throws {
        self.root = root
        let raw = open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else {
            throw ServingFault(
                .notAFolder, found: Errno(rawValue: errno).description.lowercased(), at: root.string)
        }
        try visit(raw, path: "", depth: 0)
    }

    /// Takes the descriptor over.
    private mutating func visit(_ raw: CInt, path: String, depth: Int) throws {
        guard depth < Self.maximumDepth else {
            close(raw)
            throw ServingFault(.tooMany, expected: "at most \(Self.maximumDepth) folders in each other", at: path)
        }
        guard let directory = fdopendir(raw) else {
            close(raw)
            throw unreadable(path)
        }
        defer { closedir(directory) }
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
            }
            // A name that is no UTF-8 cannot have been published by the tools.
            if let name, RequestPath.isPublishable(name.utf8) {
                try consider(name, in: raw, path: path.isEmpty ? name : "\(path)/\(name)", depth: depth)
            }
            errno = 0
        }
        guard errno == 0 else { throw unreadable(path) }
    }

    private mutating func consider(_ name: String, in parent: CInt, path: String, depth: Int) throws {
        var status = stat()
        // What vanished since its name was read is not published any more.
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            guard entries.count < Self.maximumFiles else {
                throw ServingFault(.tooMany, expected: "at most \(Self.maximumFiles) files", at: root.string)
            }
            entries.append(Entry(path: path, identity: FileIdentity(status)))
        case S_IFDIR:
            let raw = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if raw < 0, errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return }
            guard raw >= 0 else { throw unreadable(path) }
            try visit(raw, path: path, depth: depth + 1)
        default:
            return
        }
    }

    private func unreadable(_ path: String) -> ServingFault {
        ServingFault(
            .unreadable, found: Errno(rawValue: errno).description.lowercased(), at: root.pushing(FilePath(path)).string
        )
    }
}
