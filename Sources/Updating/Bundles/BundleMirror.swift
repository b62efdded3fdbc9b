import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// A bundle, which is a small repository in one tar file, as the one mirror of an instance without a network. Like what any
/// mirror gives, nothing of it is trusted.
package struct BundleMirror: RepositoryMirror {
    package let name: String
    package var manifest: BundleManifest { file.manifest }
    let file: BundleFile
    private let storage: DurableStorage

    /// Opens a bundle and reads what is in it. Throws `BundleFault` or `StorageFault`.
    package init(_ path: FilePath, storage: DurableStorage) throws {
        self.storage = storage
        name = path.string
        file = try BundleFile(path)
    }

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        guard let member = member(BundleName.metadata, ByteString(name)) else { return .absent }
        try check(member, limit, name)
        let bytes = try file.bytes(member)
        return held == Digest.sha256(of: bytes) ? .notModified : .bytes(bytes)
    }

    package func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        guard let member = member(BundleName.log, path) else { return false }
        guard member.size >= offset else {
            throw BundleFault(.truncated, found: "\(member.size) bytes", expected: "more than \(offset)", at: "\(path)")
        }
        try check(BundleFile.Member(offset: 0, size: member.size - offset), limit, "\(path)")
        try file.read(member, from: offset, sink)
        return true
    }

    package func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        guard let member = member(BundleName.targets, path) else {
            throw BundleFault(.incomplete, expected: "\(path)", at: name)
        }
        guard member.size == length else {
            throw BundleFault(
                .malformed, found: "\(member.size) bytes", expected: "\(length)", at: "\(path) of \(name)")
        }
        var present = try storage.info(partial)?.size ?? 0
        guard present < length || length == 0 else { return }
        try storage.append(to: partial) { output in
            try file.read(member, from: present) { bytes in
                try output.append(bytes)
                present += bytes.count
                progress(present)
            }
        }
    }

    /// Whether the bundle has this file of a release: with the digest that is signed, whichever bytes it holds.
    func holds(_ target: SignedTarget) -> Bool {
        [ReleasePaths.stored(target.path, digest: target.digest), target.path]
            .contains { member(BundleName.targets, $0) != nil }
    }

    private func member(_ folder: ByteString, _ path: ByteString) -> BundleFile.Member? {
        file.member(ByteString(folder.bytes + path.bytes))
    }

    private func check(_ member: BundleFile.Member, _ limit: Int, _ path: String) throws {
        guard member.size <= limit else {
            throw BundleFault(
                .tooLarge, found: "\(member.size) bytes", expected: "at most \(limit)", at: "\(path) of \(name)")
        }
    }
}
