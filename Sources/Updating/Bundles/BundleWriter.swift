import DurableStorage
import Primitives
import Signatures
import SystemPackage

/// Writes bundles: for the same content always the same bytes.
struct BundleWriter {
    let storage: DurableStorage

    /// Bytes and SHA-256 of what was written to `path`, whole and flushed.
    func write(
        _ manifest: BundleManifest, _ files: [ByteString: RecordingMirror.Recorded], to path: FilePath
    ) throws -> (bytes: Int, sha256: Digest) {
        guard files.count <= BundleFile.countLimit else {
            throw BundleFault(
                .tooLarge, found: "\(files.count) files", expected: "at most \(BundleFile.countLimit)")
        }
        let hasher = SHA256Hasher()
        var count = 0
        try storage.write(to: path) { sink in
            func put(_ bytes: UnsafeRawBufferPointer) throws {
                hasher.update(bytes)
                count += bytes.count
                try sink(bytes)
            }
            func put(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try put($0) } }
            let text = manifest.encoded
            try put(BundleHeader(name: BundleName.manifest, size: text.count).encoded + text)
            try put(Self.zeros(after: text.count))
            for (name, recorded) in files.sorted(by: { $0.key < $1.key }) {
                try put(BundleHeader(name: name, size: recorded.size).encoded)
                let before = count
                try ReadableFile(recorded.file).forEachChunk { try put($0) }
                guard count - before == recorded.size else {
                    throw StorageFault(.failed, found: "\(count - before) bytes", at: recorded.file.string)
                }
                try put(Self.zeros(after: recorded.size))
            }
            try put(BundleHeader.end)
        }
        return (count, hasher.finish())
    }

    private static func zeros(after size: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: BundleHeader.padding(after: size))
    }
}
