import Primitives
import Signatures

/// One file, folder or link of a tree. Owner and times are no part of a tree; of the mode only "executable" is.
package struct TreeEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case directory
        /// `size` in bytes.
        case file(size: Int, sha256: Digest, executable: Bool)
        /// A symbolic link; `target` as it stands in the link.
        case link(target: ByteString)
    }

    /// Components separated by `/`, relative to the root of the tree, which has no entry.
    package let path: ByteString
    package let kind: Kind

    package init(_ path: ByteString, _ kind: Kind) {
        self.path = path
        self.kind = kind
    }

    /// Permission bits as installed: 0755 for folders and executable files, 0644 for other files, 0777 for links.
    package var mode: UInt32 {
        switch kind {
        case .directory, .file(_, _, executable: true): 0o755
        case .file(_, _, executable: false): 0o644
        case .link: 0o777
        }
    }

    /// Bytes of a file; 0 for others.
    package var size: Int {
        if case .file(let size, _, _) = kind { size } else { 0 }
    }
}
