import Primitives
import Releases
import Signatures

/// A tree whose files an encoder reads.
package protocol PatchTree: Sendable {
    /// Hands all bytes of a listed file to `body`, valid only during the call. Throws when the file is not what was
    /// listed; size is enough. Called from several tasks at once.
    func withBytes<Result>(
        of entry: TreeEntry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) throws -> Result
}

/// How patches are made.
package struct PatchSettings: Sendable {
    /// Edits made at a time.
    package var workers = 2
    /// Logarithm of the largest window of one stream, and of the text stream.
    package var windowLog = 22
    package var textWindowLog = 23

    package init() {}
}

/// A patch that was made.
package struct EncodedPatch: Sendable {
    package let bytes: [UInt8]
    package let header: PatchHeader
    /// Unpacked and packed bytes of each stream or group, for people.
    package let pieces: [(name: String, count: Int, packedCount: Int)]
}

/// Makes patches. Equal trees and settings give equal bytes, on any number of cores.
package struct PatchEncoder: Sendable {
    private let packer: any StreamPacker
    private let settings: PatchSettings

    package init(packer: any StreamPacker, settings: PatchSettings = PatchSettings()) {
        (self.packer, self.settings) = (packer, settings)
    }

    /// The patch that makes the tree of `new` from that of `old`. Throws what the trees throw, `ReleaseFault`, or
    /// `CancellationError` when its task is cancelled. `progress` is told after each file, from several tasks.
    ///
    /// It has not been tried: whoever publishes it applies it first.
    package func encode(
        from old: TreeListing, _ oldTree: some PatchTree, to new: TreeListing, _ newTree: some PatchTree,
        progress: @escaping @Sendable (PatchProgress) -> Void = { _ in }
    ) async throws -> EncodedPatch {
        let pairing = try Pairing(old, oldTree, new, newTree)
        let edits = try await EditRun(pairing, oldTree, newTree, settings, progress).encode()
        let plan = pairing.plan(edits)
        var streams = StreamSet()
        streams[.plan] = try plan.encoded(over: old)
        let jobs = Dictionary(uniqueKeysWithValues: zip(pairing.jobs.map(\.entry), edits))
        for (entry, _) in plan.edits {
            guard let edit = jobs[entry] else { continue }
            for (kind, bytes) in zip(EditStream.allCases, edit.streams) { streams[PatchStream(kind)] += bytes }
        }
        let dictionary = try textDictionary(plan, old, oldTree)
        let packed = try StreamPacking(packer, settings).pack(streams, dictionary: dictionary)
        let header = PatchHeader(
            before: old.digest, after: new.digest, entriesDelta: new.entries.count - old.entries.count,
            bytesDelta: new.totalBytes - old.totalBytes, editKiB: (edits.map(\.memory).max() ?? 0) + 1023 >> 10,
            grouped: packed.grouped, group: packed.group?.packed,
            singles: packed.singles.map { ($0.stream, $0.piece.packed) })
        return EncodedPatch(
            bytes: header.encoded + packed.bytes, header: header, pieces: packed.pieces)
    }

    private func textDictionary(
        _ plan: Plan, _ old: TreeListing, _ oldTree: some PatchTree
    ) throws -> [UInt8] {
        let references = plan.edits.compactMap { $0.edit.method == .text ? $0.edit.reference : nil }
        let parts = TextDictionary.parts(
            of: references.map { old.entries[$0].size }, limit: 1 << settings.textWindowLog)
        var bytes: [UInt8] = []
        for part in parts {
            try oldTree.withBytes(of: old.entries[references[part.index]]) { bytes += $0[part.range] }
        }
        return bytes
    }
}

/// The unpacked streams of a patch.
struct StreamSet {
    private var streams = [[UInt8]](repeating: [], count: PatchStream.allCases.count)

    subscript(stream: PatchStream) -> [UInt8] {
        get { streams[stream.rawValue] }
        _modify { yield &streams[stream.rawValue] }
    }
}
