import DurableStorage
internal import Glibc
import Primitives
import SystemPackage

/// Opens the folders of one tree, from the root down and never through a link. Folders that were just used stay open,
/// so a walk in the order of paths opens each once. Not for use from two threads at once.
final class FolderWalk {
    private let root: FilePath
    private let rootDescriptor: Int32
    private var open: [(name: ByteString, descriptor: Int32)] = []
    /// The path of the last of these.
    private var openPath: ArraySlice<UInt8>? = []

    /// The root itself may be reached by a link.
    init(_ root: FilePath) throws(StorageFault) {
        self.root = root
        rootDescriptor = Glibc.open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard rootDescriptor >= 0 else { throw StorageFault(Errno(rawValue: errno), "open", at: root) }
    }

    deinit {
        for (_, descriptor) in open { close(descriptor) }
        if rootDescriptor >= 0 { close(rootDescriptor) }
    }

    /// Calls `body` with the folder that holds `path`, open, and the last component of `path`.
    func with<Result>(
        _ path: ByteString, _ body: (_ folder: Int32, _ name: UnsafePointer<CChar>) throws -> Result
    ) throws -> Result {
        let slash = path.bytes.lastIndex(of: UInt8(ascii: "/"))
        let name = path.bytes[(slash.map { $0 + 1 } ?? 0)...]
        guard isPlain(name), slash != path.bytes.startIndex else {
            throw ArchiveFault(.failed, found: "path \"\(path)\"")
        }
        let folder = try descriptor(of: path.bytes[..<(slash ?? 0)], path)
        return try (name.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
            // Never nil: the array has at least its final zero.
            guard let base = buffer.baseAddress else { throw ArchiveFault(.failed) }
            return try body(folder, base)
        }
    }

    private func isPlain(_ name: ArraySlice<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        return !name.isEmpty && !name.elementsEqual([dot]) && !name.elementsEqual([dot, dot]) && !name.contains(0)
    }

    private func descriptor(of folder: ArraySlice<UInt8>, _ path: ByteString) throws -> Int32 {
        // Mostly the same as the last time. Nil after a fault.
        if folder == openPath { return open.last?.descriptor ?? rootDescriptor }
        openPath = nil
        let names = folder.isEmpty ? [] : folder.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard names.allSatisfy(isPlain) else { throw ArchiveFault(.failed, found: "path \"\(path)\"") }
        let descriptor = try descriptor(of: names.map { ByteString(Array($0)) }, path)
        openPath = folder
        return descriptor
    }

    private func descriptor(of folders: [ByteString], _ path: ByteString) throws(StorageFault) -> Int32 {
        let shared = zip(open, folders).prefix { $0.name == $1 }.count
        while open.count > shared, let (_, descriptor) = open.popLast() { close(descriptor) }
        for name in folders[shared...] {
            let parent = open.last?.descriptor ?? rootDescriptor
            let text = name.bytes.map(CChar.init(bitPattern:)) + [0]
            let descriptor = openat(parent, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { throw fault("open", path) }
            open.append((name, descriptor))
        }
        return open.last?.descriptor ?? rootDescriptor
    }

    /// The last failed call as a fault.
    func fault(_ operation: String, _ path: ByteString) -> StorageFault {
        StorageFault(Errno(rawValue: errno), operation, at: filePath(path))
    }

    /// For messages.
    func filePath(_ path: ByteString) -> FilePath {
        FilePath(root.string + "/" + String(decoding: path.bytes, as: UTF8.self))
    }
}
