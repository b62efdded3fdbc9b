import DurableStorage
import Primitives
import Serving
import Signatures
import SystemPackage

/// Makes a publication of what stands in a folder. Reads every file that is new; runs off the event loops.
struct PublicationScan {
    /// What a workspace holds and a publication never does: whoever names the folder above `Releases` is stopped.
    private static let workspaceFile = "Keys/policy.yaml"

    private let root: FilePath
    private let configuration: ServerConfiguration
    private var memoryLeft: Int
    private var descriptorsLeft: Int

    init(_ root: FilePath, _ configuration: ServerConfiguration) {
        self.root = root
        self.configuration = configuration
        memoryLeft = configuration.memoryLimit
        descriptorsLeft = configuration.maximumOpenFiles
    }

    /// Files that are as they were in `former` keep their digest, their bytes in memory and their open descriptor.
    /// Throws `ServingFault` or `StorageFault`.
    mutating func run(reusing former: Publication?) throws -> Publication {
        var known: [ByteString: ServedFile] = [:]
        for file in former?.files ?? [] { known[file.file.path] = file }
        // The newest files are those most asked for: they get the memory and the descriptors.
        let entries = try FolderWalk(root).entries.sorted { $1.identity.modified < $0.identity.modified }
        if let policy = entries.first(where: { $0.path == Self.workspaceFile }) {
            throw ServingFault(.workspace, found: policy.path, at: root.string)
        }
        var files: [ServedFile] = []
        for entry in entries {
            if let same = known[ByteString(entry.path)], same.identity == entry.identity {
                spend(same)
                files.append(same)
            } else if let file = try load(entry) {
                spend(file)
                files.append(file)
            }
        }
        return Publication(files)
    }

    private mutating func spend(_ file: ServedFile) {
        switch file.content {
        case .memory: memoryLeft -= file.file.size
        case .open: descriptorsLeft -= 1
        case .closed: break
        }
    }

    /// Nil when the file was removed meanwhile.
    private func load(_ entry: FolderWalk.Entry) throws -> ServedFile? {
        let path = root.pushing(FilePath(entry.path))
        let open: OpenFile
        do {
            open = try OpenFile.open(path)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw ServingFault(.unreadable, found: error.found, at: path.string)
        }
        let isSmall = entry.identity.size <= min(configuration.memoryFileSize, memoryLeft)
        let (digest, body) = try read(open, entry.identity, keeping: isSmall, at: path)
        let content: ServedFile.Content = isSmall ? .memory : descriptorsLeft > 0 ? .open(open) : .closed(path)
        let file = PublishedFile(path: ByteString(entry.path), size: entry.identity.size, digest: digest)
        return ServedFile(file, entry.identity, content, body: body)
    }

    /// Reads the file whole, and is sure that it was the catalogued one from the first byte to the last.
    private func read(
        _ file: OpenFile, _ identity: FileIdentity, keeping: Bool, at path: FilePath
    ) throws -> (Digest, [UInt8]) {
        let hasher = SHA256Hasher()
        var body: [UInt8] = []
        var position = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while position < identity.size {
            let count: Int
            do { count = try file.descriptor.read(fromAbsoluteOffset: Int64(position), into: buffer) } catch {
                throw ServingFault(.unreadable, found: "\(error)", at: path.string)
            }
            if count == 0 { break }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(chunk)
            if keeping { body += chunk }
            position += count
        }
        guard position == identity.size, FileIdentity(of: file.descriptor) == identity else {
            throw ServingFault(.changedWhileRead, at: path.string)
        }
        return (hasher.finish(), body)
    }
}
