import Primitives

extension ReleaseManifest {
    /// The links that stand in an installed tree besides what is listed: each shared path leads to the same path below
    /// `shared`, two folders above the tree.
    ///
    /// Throws `ReleaseFault` when the tree has something of its own there, or no folder to hold the link.
    package func sharedLinks(in listing: TreeListing) throws(ReleaseFault) -> [TreeEntry] {
        var links: [TreeEntry] = []
        for path in install.shared {
            guard listing.entry(at: path) == nil else {
                throw ReleaseFault(
                    .invalidInstall, found: "\(path) in the tree", expected: "nothing at a shared path", at: "install")
            }
            if let parent = path.parentPath, listing.entry(at: parent)?.kind != .directory {
                throw ReleaseFault(
                    .invalidInstall, found: "no folder \(parent) in the tree",
                    expected: "one for the shared path \(path)",
                    at: "install")
            }
            let up = String(repeating: "../", count: path.components.count + 1)
            links.append(
                TreeEntry(path, .link(target: ByteString(Array(up.utf8) + Array("shared/".utf8) + path.bytes))))
        }
        return links
    }

    /// Throws `ReleaseFault` unless every program of the install section is a regular, executable file of the tree.
    package func checkPrograms(in listing: TreeListing) throws(ReleaseFault) {
        for program in install.hooks.compactMap(\.run.first) {
            guard case .file(_, _, executable: true)? = listing.entry(at: program)?.kind else {
                throw ReleaseFault(
                    .invalidInstall, found: "\(program), which is no executable file of the tree",
                    expected: "one with its execute bit", at: "install")
            }
        }
    }
}
