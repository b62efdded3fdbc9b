import Primitives
import Releases
import Signatures

/// Applies patches. Nothing of a patch is trusted: all that it asks for is checked before anything is made, and what
/// was made counts only when the digest of its listing is the wanted one.
package struct PatchDecoder: Sendable {
    private let limits: PatchLimits
    private let unpacker: any StreamUnpacker
    private let secondCore: any SecondCore

    package init(
        unpacker: any StreamUnpacker, secondCore: any SecondCore = SameCore(), limits: PatchLimits = PatchLimits()
    ) {
        (self.unpacker, self.secondCore, self.limits) = (unpacker, secondCore, limits)
    }

    /// The header of a patch: what it is for and what it needs, before anything else of it is looked at.
    package func header(of patch: some PatchBytes) throws -> PatchHeader {
        try readHeader(patch).header
    }

    /// Makes the tree whose listing has the digest `expected` from `old`, which the source holds, and returns its
    /// listing. `progress` is told after each file.
    ///
    /// Throws `PatchFault`, `ReleaseFault`, or what the unpacker, the source or the sink throw; then what the sink made
    /// is to be thrown away. Memory is what the header says (`PatchHeader.memory`), besides the two listings and the plan.
    @discardableResult
    package func apply(
        _ patch: some PatchBytes, to old: TreeListing, expected: Digest, from source: some PatchSource,
        into sink: some PatchSink, progress: (PatchProgress) -> Void = { _ in }
    ) throws -> TreeListing {
        let (header, length) = try readHeader(patch)
        try check(header, old, expected)
        let streams = try PackedStreams(patch, header, headerLength: length, unpacker: unpacker)
        defer { streams.stop() }
        let planBytes = try streams.plan(limit: limits.planBytes)
        let plan = try Plan(decoding: planBytes, over: old, limits: limits.tree)
        try check(plan, header, old)
        let files = OldFiles(old, source, memory: header.editKiB << 10, work: limits.tree.bytes)
        try streams.openAll(
            dictionary: streams.hasDictionary ? try files.dictionary(plan, planBytes: planBytes) : nil)
        var run = PatchRun(
            plan, streams, files, sink: sink,
            deflating: DeflatingBeside(secondCore, memory: header.deflatingKiB << 10, work: limits.deflatingWork))
        // Whatever comes of it: nothing goes on behind the caller's back.
        defer { secondCore.wait() }
        let listing = try TreeListing(try run.entries(progress), limits: limits.tree)
        try streams.finish()
        try sink.finish()
        guard listing.digest == expected else {
            throw PatchFault(.wrongNewTree, found: "sha256 \(listing.digest)", expected: "\(expected)")
        }
        return listing
    }

    private func readHeader(_ patch: some PatchBytes) throws -> (header: PatchHeader, length: Int) {
        var bytes = [UInt8](repeating: 0, count: min(patch.count, PatchHeader.byteLimit))
        try bytes.withUnsafeMutableBytes { try patch.read(at: 0, into: $0) }
        return try PatchHeader.decode(bytes, fileCount: patch.count)
    }

    private func check(_ header: PatchHeader, _ old: TreeListing, _ expected: Digest) throws(PatchFault) {
        guard header.before == old.digest else {
            throw PatchFault(.wrongOldTree, found: "sha256 \(old.digest)", expected: "\(header.before)")
        }
        guard header.after == expected else {
            throw PatchFault(.wrongNewTree, found: "sha256 \(header.after)", expected: "\(expected)", at: "header")
        }
        guard header.memory <= limits.memory else {
            throw PatchFault(.tooMuchMemory, found: "\(header.memory) bytes", expected: "at most \(limits.memory)")
        }
    }

    /// Makes a listing of what is planned, with digests that are not known yet: that checks paths, links and sums.
    private func check(_ plan: Plan, _ header: PatchHeader, _ old: TreeListing) throws {
        let unknown = Digest.sha256(of: [])
        let listing = try TreeListing(plan.entries.map { $0.listed(old, digest: unknown) }, limits: limits.tree)
        guard listing.entries.count - old.entries.count == header.entriesDelta,
            listing.totalBytes - old.totalBytes == header.bytesDelta
        else { throw PatchFault(.malformed, found: "a plan that makes something else than the header says") }
    }
}

extension Plan {
    /// The old files of all text edits, each once, in the order of the edits, and how they are transformed.
    var textReferences: [(index: Int, transform: EditTransform)] {
        var seen: Set<Int> = []
        return edits.compactMap { _, edit in
            guard edit.method == .text, let index = edit.reference, seen.insert(index).inserted else { return nil }
            return (index, edit.transform)
        }
    }

    /// All edits in the order in which they are decoded, with the index of their entry.
    var edits: [(entry: Int, edit: PlannedEdit)] {
        let all: [(entry: Int, edit: PlannedEdit)] = entries.enumerated().compactMap { index, entry in
            guard case .file(_, .edit(let edit)) = entry.kind else { return nil }
            return (index, edit)
        }
        // What is to be deflated comes first, so that there is something to be done beside that.
        return [.expanded, .none, .record].flatMap { transform in all.filter { $0.edit.transform == transform } }
    }
}

extension PlannedEntry {
    /// As it will be listed; `digest` is for edited files.
    func listed(_ old: TreeListing, digest: Digest) -> TreeEntry {
        switch kind {
        case .directory: TreeEntry(path, .directory)
        case .link(let target): TreeEntry(path, .link(target: target))
        case .file(let executable, .edit(let edit)):
            TreeEntry(path, .file(size: edit.size, sha256: digest, executable: executable))
        case .file(let executable, .whole(let index)):
            if case .file(let size, let sha256, _) = old.entries[index].kind {
                TreeEntry(path, .file(size: size, sha256: sha256, executable: executable))
            } else {
                // No plan names anything but files here; a folder in its place fits no digest.
                TreeEntry(path, .directory)
            }
        }
    }
}
