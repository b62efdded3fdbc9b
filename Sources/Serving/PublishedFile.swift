import Primitives
import Signatures

/// What there is to say about one published file, apart from its bytes.
package struct PublishedFile: Hashable, Sendable {
    /// Relative to the published folder, separated by `/`.
    package let path: ByteString
    /// Bytes.
    package let size: Int
    package let digest: Digest
    /// With its quotes: `"<sha256 in lower-case hexadecimal>"`.
    package let entityTag: [UInt8]

    package init(path: ByteString, size: Int, digest: Digest) {
        self.path = path
        self.size = size
        self.digest = digest
        entityTag = Array("\"\(digest.hex)\"".utf8)
    }

    /// The last segment of the path.
    var name: ArraySlice<UInt8> {
        path.bytes.lastIndex(of: UInt8(ascii: "/")).map { path.bytes[($0 + 1)...] } ?? path.bytes[...]
    }
}

/// The files of one publication.
package struct Catalogue: Sendable {
    package let files: [PublishedFile]
    private let positions: [ByteString: Int]

    /// Of two files with one path the first counts.
    package init(_ files: [PublishedFile]) {
        self.files = files
        positions = Dictionary(files.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The position in `files`, or nil when nothing of this name is published.
    package func position(of path: ByteString) -> Int? { positions[path] }
}
