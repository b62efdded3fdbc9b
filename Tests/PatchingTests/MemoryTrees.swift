import Patching
import Primitives
import Releases
import Signatures

/// A tree in memory, by path.
struct MemoryTree: PatchTree, Equatable {
    enum Node: Hashable {
        case folder
        case link(String)
        case file([UInt8], executable: Bool = false)
    }

    var nodes: [ByteString: Node] = [:]

    init(_ nodes: [ByteString: Node] = [:]) { self.nodes = nodes }

    var listing: TreeListing {
        get throws {
            try TreeListing(
                nodes.map { path, node in
                    switch node {
                    case .folder: TreeEntry(path, .directory)
                    case .link(let target): TreeEntry(path, .link(target: ByteString(target)))
                    case .file(let bytes, let executable):
                        TreeEntry(path, .file(size: bytes.count, sha256: .sha256(of: bytes), executable: executable))
                    }
                })
        }
    }

    func bytes(_ entry: TreeEntry) throws -> [UInt8] {
        guard case .file(let bytes, _) = nodes[entry.path] else { throw PatchFault(.wrongOldFile) }
        return bytes
    }

    func withBytes<Result>(
        of entry: TreeEntry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) throws -> Result {
        try bytes(entry).withUnsafeBufferPointer(body)
    }

    func open(_ entry: TreeEntry) throws -> any OldFile { MemoryFile(bytes: try bytes(entry)) }
}

struct MemoryFile: OldFile {
    let bytes: [UInt8]
    var count: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= count, buffer.count <= count - offset else { throw PatchFault(.wrongOldFile) }
        buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    }
}

/// A sink that notes every request which a fresh folder on a disk would have to refuse.
final class MemorySink: PatchSink {
    private let old: MemoryTree
    private(set) var made = MemoryTree()
    private(set) var violations: [String] = []
    private var current: (path: ByteString, bytes: [UInt8], size: Int, executable: Bool)?

    init(_ old: MemoryTree) { self.old = old }

    private func check(_ path: ByteString) {
        if made.nodes[path] != nil { violations.append("twice: \(path)") }
        if let parent = path.parentPath, made.nodes[parent] != .folder { violations.append("no folder for \(path)") }
        if (try? TreePathPolicy().check(path: path)) == nil { violations.append("unsafe: \(path)") }
    }

    func makeFolder(_ path: ByteString) throws {
        check(path)
        made.nodes[path] = .folder
    }

    func makeLink(_ path: ByteString, to target: ByteString) throws {
        check(path)
        if (try? TreePathPolicy().check(link: path, target: target)) == nil { violations.append("unsafe: \(target)") }
        made.nodes[path] = .link(String(decoding: target.bytes, as: UTF8.self))
    }

    func makeFile(_ path: ByteString, copying entry: TreeEntry, executable: Bool) throws {
        check(path)
        let bytes = try old.bytes(entry)
        guard case .file(_, .sha256(of: bytes), _) = entry.kind else { throw PatchFault(.wrongOldFile) }
        made.nodes[path] = .file(bytes, executable: executable)
    }

    func beginFile(_ path: ByteString, size: Int, executable: Bool) throws {
        check(path)
        current = (path, [], size, executable)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        current?.bytes += bytes
        if let current, current.bytes.count > current.size { violations.append("too long: \(current.path)") }
    }

    func endFile() throws -> Digest {
        guard let file = current else {
            violations.append("an end without a beginning")
            return .sha256(of: [])
        }
        made.nodes[file.path] = .file(file.bytes, executable: file.executable)
        current = nil
        return .sha256(of: file.bytes)
    }

    func finish() throws {}
}
