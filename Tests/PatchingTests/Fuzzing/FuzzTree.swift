import Patching
import Primitives
import Releases
import Signatures

#if canImport(Archiving)
    import Archiving
#endif

/// The old tree that patches are fuzzed against.
enum FuzzTree {
    static let tree = MemoryTree([
        "a": .folder, "a/f": .file(Array("old content, old content\n".utf8)), "b": .file([1, 2, 3], executable: true),
        "l": .link("b"), "lib": .folder, "lib/program": .file(LinkedProgram(isUpdate: false).program.bytes),
        "lib/text": .file(Array((0..<60).map { "line \($0) of a text\n" }.joined().utf8)),
    ])
    /// What patches in the corpus make of it.
    static let update = MemoryTree([
        "a": .folder, "a/f": .file(Array("new content, old content\n".utf8)), "b": .file([1, 2, 3]), "k": .link("a"),
        "lib": .folder, "lib/program": .file(LinkedProgram(isUpdate: true).program.bytes),
        "lib/text": .file(Array((9..<70).map { "line \($0) of some text\n" }.joined().utf8)),
    ])
    static let listing: TreeListing = {
        guard let listing = try? tree.listing else { preconditionFailure("a tree that cannot be listed") }
        return listing
    }()
    static let before = listing.digest
    static let after = Digest.sha256(of: [])
    /// Where a header has both.
    static let digests = 4..<68
    static let unpacker = PatchCompression()
    static let limits = PatchLimits(
        tree: TreeLimits(entries: 1000, bytes: 1 << 20), memory: 16 << 20, planBytes: 1 << 16)
}
