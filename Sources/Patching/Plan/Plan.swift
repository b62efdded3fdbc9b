import Primitives
import Releases

/// Which new tree is made from an old one, and from what each of its files. Its bytes are in `PlanEncoding.swift`.
struct Plan: Equatable, Sendable {
    /// A folder whose entries are looked for at another path.
    struct Rename: Hashable, Sendable {
        /// Index in the old listing.
        let folder: Int
        let path: ByteString
    }

    /// In rising order of the old folder.
    var renames: [Rename]
    /// All of the new tree, in the order of their paths.
    var entries: [PlannedEntry]
}

/// One entry of the new tree.
struct PlannedEntry: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case directory
        case link(target: ByteString)
        case file(executable: Bool, FileSource)
    }

    let path: ByteString
    let kind: Kind
}

/// What the content of a new file is made from.
enum FileSource: Hashable, Sendable {
    /// A whole old file, by its index in the old listing.
    case whole(Int)
    case edit(PlannedEdit)
}

/// An edit, without its streams.
struct PlannedEdit: Hashable, Sendable {
    let method: EditMethod
    let transform: EditTransform
    /// Index in the old listing; nil for literal bytes.
    let reference: Int?
    /// Bytes of the new file.
    let size: Int
    /// Bytes that the edit makes, before the transform is undone.
    let expandedSize: Int
    /// Whether literal bytes are in the stream for whole files, not in the text.
    var isBulk = false
}

/// Between what an edit is made.
enum EditTransform: Int, Sendable {
    /// The files as they are.
    case none
    /// The files without the lines that follow from their trees.
    case record
    /// The files with deflated parts expanded.
    case expanded
}
