import Primitives

extension InstallSection {
    /// Throws `.invalidInstall` unless `tree` has what this section speaks of: each program is a regular, executable file,
    /// and of a shared path nothing but the folder that it is to stand in.
    package func check(fits tree: TreeListing) throws(ReleaseFault) {
        try checkPrograms(in: tree)
        try checkShared(in: tree)
    }

    /// Throws `.invalidInstall` unless every program is a regular, executable file of `tree`.
    package func checkPrograms(in tree: TreeListing) throws(ReleaseFault) {
        for hook in hooks { try Self.check(program: hook.run.first ?? "", in: tree) }
    }

    /// Throws `.invalidInstall` when `tree` has something at a shared path, or no folder to hold the link there.
    package func checkShared(in tree: TreeListing) throws(ReleaseFault) {
        for path in shared { try Self.check(shared: path, in: tree) }
    }

    private static func check(program: ByteString, in tree: TreeListing) throws(ReleaseFault) {
        let (found, hint): (String, String)
        switch tree.entry(at: program)?.kind {
        case .file(_, _, executable: true): return
        case .file: (found, hint) = ("a file that is not executable", "make it executable: chmod +x")
        case .link: (found, hint) = ("a link", "name the file that it points to")
        case .directory: (found, hint) = ("a folder", "name a program in it")
        case nil: (found, hint) = ("nothing there", "put it into the tree, or correct its path")
        }
        throw ReleaseFault(
            .invalidInstall, found: found, expected: "a regular, executable file of the release's tree",
            at: "the program \"\(program)\"", hint: advice(hint))
    }

    private static func check(shared path: ByteString, in tree: TreeListing) throws(ReleaseFault) {
        guard tree.entry(at: path) == nil else {
            throw ReleaseFault(
                .invalidInstall, found: "it in the release's tree", expected: "a path where nothing stands",
                at: "the shared path \"\(path)\"",
                hint: advice("take it out of the tree; a template may stand there under another name"))
        }
        guard let parent = path.parentPath, tree.entry(at: parent)?.kind != .directory else { return }
        throw ReleaseFault(
            .invalidInstall, found: "no folder \"\(parent)\" in the release's tree",
            expected: "the folder that it is to stand in", at: "the shared path \"\(path)\"",
            hint: advice("make that folder in the tree, if only an empty one"))
    }

    /// Maintainers meet this fault, and administrators.
    private static func advice(_ text: String) -> String {
        "when adding a release, \(text); when installing one, tell the publisher"
    }
}
