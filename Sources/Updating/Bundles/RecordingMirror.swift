import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// A mirror that keeps what it gives: all that an instance asked for is all that another one will ask for.
final class RecordingMirror: RepositoryMirror {
    /// Where a file's bytes are, and how many.
    struct Recorded: Hashable {
        let file: FilePath
        let size: Int
    }

    let name: String
    private let base: any RepositoryMirror
    private let folder: FilePath
    private let storage: DurableStorage
    private var count = 0
    /// By the name in a bundle.
    private(set) var files: [ByteString: Recorded] = [:]

    /// Keeps copies in `folder`, which is there.
    init(_ base: any RepositoryMirror, in folder: FilePath, _ storage: DurableStorage) {
        (self.base, self.folder, self.storage) = (base, folder, storage)
        name = base.name
    }

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        if name == RoleName.timestamp.fileName { startAgain() }
        let answer = try base.fetchMetadata(name, limit: limit, held: nil)
        if case .bytes(let bytes) = answer { try keep(BundleName.metadata, ByteString(name), bytes) }
        return answer
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        guard offset == 0 else { return try base.fetchLog(path, from: offset, limit: limit, into: sink) }
        var copy: [UInt8] = []
        let isThere = try base.fetchLog(path, from: 0, limit: limit) { bytes in
            copy.append(contentsOf: bytes)
            try sink(bytes)
        }
        if isThere { try keep(BundleName.log, path, copy) }
        return isThere
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        try base.fetchTarget(path, length: length, to: partial, progress: progress)
    }

    /// Takes a file of a release that has been fetched and checked.
    func add(target path: ByteString, at file: FilePath, size: Int) throws {
        let name = ByteString(BundleName.targets.bytes + path.bytes)
        try BundleName.check(name)
        guard size <= BundleHeader.sizeLimit else {
            throw BundleFault(
                .tooLarge, found: "\(size) bytes", expected: "at most \(BundleHeader.sizeLimit)", at: "\(path)")
        }
        files[name] = Recorded(file: file, size: size)
    }

    /// With a new timestamp everything but roots may be another.
    private func startAgain() {
        let roots = Array(".\(RoleName.root.fileName)".utf8)
        files = files.filter { $0.key.bytes.suffix(roots.count).elementsEqual(roots) }
    }

    private func keep(_ part: ByteString, _ path: ByteString, _ bytes: [UInt8]) throws {
        let name = ByteString(part.bytes + path.bytes)
        try BundleName.check(name)
        count += 1
        let file = folder.appending("\(count)")
        try storage.write(bytes, to: file, mode: .privateFile)
        files[name] = Recorded(file: file, size: bytes.count)
    }
}
