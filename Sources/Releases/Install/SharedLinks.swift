import Primitives

extension ReleaseManifest {
    /// The links that stand in an installed tree besides what is listed: each shared path leads to the same path below
    /// `shared`, two folders above the tree.
    ///
    /// Throws `ReleaseFault` when the tree has something of its own there, or no folder to hold the link.
    package func sharedLinks(in listing: TreeListing) throws(ReleaseFault) -> [TreeEntry] {
        try install.checkShared(in: listing)
        return install.shared.map { path in
            let up = String(repeating: "../", count: path.components.count + 1)
            return TreeEntry(path, .link(target: ByteString(Array(up.utf8) + Array("shared/".utf8) + path.bytes)))
        }
    }

    /// Throws `ReleaseFault` unless every program of the install section is a regular, executable file of the tree.
    package func checkPrograms(in listing: TreeListing) throws(ReleaseFault) { try install.checkPrograms(in: listing) }
}
