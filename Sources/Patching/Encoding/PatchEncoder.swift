import Primitives
import Releases
import Signatures

/// A tree whose files an encoder reads.
package protocol PatchTree: PatchSource, Sendable {
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
    /// Logarithm of the largest window of one stream.
    package var windowLog = 22
    /// Bytes of text and of its dictionary together. Packing takes some eight times as much memory, unpacking the text's
    /// size.
    package var textBytes = 20 << 20
    /// Bytes of a file from which on it is compared part by part, and never read into memory.
    package var largeFileBytes = 256 << 20

    package init() {}
}

/// A patch that was made.
package struct EncodedPatch: Sendable {
    package let bytes: [UInt8]
    package let header: PatchHeader
}

/// Makes patches. Equal trees and settings give equal bytes, on any number of cores.
package struct PatchEncoder: Sendable {
    /// Up to which more memory is asked for to be faster: no instance is that small.
    private static let smallKiB = 24 << 10

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
        let edits = try await EditRun(pairing, oldTree, newTree, packer, settings, progress).encode()
        let plan = pairing.plan(edits)
        let streams = try streams(plan, edits, pairing)
        let dictionary = try dictionary(plan, streams, old, oldTree)
        let packed = try await StreamPacking(packer, settings).pack(streams, dictionary: dictionary)
        let memory = memory(edits)
        let header = PatchHeader(
            before: old.digest, after: new.digest, entriesDelta: new.entries.count - old.entries.count,
            bytesDelta: new.totalBytes - old.totalBytes, editKiB: memory.edits,
            deflatingKiB: memory.deflating, grouped: packed.grouped, group: packed.group?.packed,
            singles: packed.singles.map { ($0.stream, $0.piece.packed) })
        return EncodedPatch(bytes: header.encoded + packed.bytes, header: header)
    }

    /// KiB. What a decoder holds for the dictionary counts together, everything else is needed for one edit at a time; when
    /// there is little of all, deflating has its own.
    private func memory(_ edits: [FinishedEdit]) -> (edits: Int, deflating: Int) {
        func kibibytes(_ bytes: Int) -> Int { (bytes + 1023) >> 10 }
        let held = edits.reduce(0) { $0 + $1.heldMemory }
        let deflating = kibibytes(edits.map(\.deflatingMemory).max() ?? 0)
        let beside = kibibytes(held + (edits.map(\.memoryBesideDeflating).max() ?? 0))
        let isWorth = deflating > 0 && edits.count > 1 && beside + deflating <= Self.smallKiB
        return isWorth ? (beside, deflating) : (kibibytes(held + (edits.map(\.memory).max() ?? 0)), 0)
    }

    private func streams(_ plan: Plan, _ edits: [FinishedEdit], _ pairing: Pairing) throws -> StreamSet {
        var streams = StreamSet()
        streams[.plan] = try plan.encoded(over: pairing.old)
        let byEntry = Dictionary(uniqueKeysWithValues: zip(pairing.jobs.map(\.entry), edits))
        for (entry, _) in plan.edits {
            guard let edit = byEntry[entry] else { continue }
            if edit.transform == .expanded {
                var count = NumberWriter()
                count.append(edit.recipe.count)
                streams[.recipes] += count.bytes + edit.recipe
            }
            for (kind, bytes) in zip(EditStream.allCases, edit.encoded.streams) {
                streams[edit.isBulk && kind == .text ? .bulk : PatchStream(kind)] += bytes
            }
        }
        return streams
    }

    /// Empty when no text refers to anything.
    private func dictionary(
        _ plan: Plan, _ streams: StreamSet, _ old: TreeListing, _ oldTree: some PatchTree
    ) throws -> TextPreset {
        let references = plan.textReferences
        var bytes: [UInt8] = []
        var starts: [Int: Int] = [:]
        for (index, transform) in references {
            let entry = old.entries[index]
            starts[index] = bytes.count
            try oldTree.withBytes(of: entry) { content in
                if transform == .none {
                    bytes += content
                } else {
                    bytes += transform.expanded(Array(content), entry, of: old)
                }
            }
        }
        guard !references.isEmpty else { return TextPreset() }
        bytes += streams[.plan]
        return TextPreset(bytes: bytes, reach: plan.textReach(bytes.count, starts))
    }
}

/// What a text stream begins with as known.
struct TextPreset: Sendable {
    var bytes: [UInt8] = []
    /// How far back, from its last byte, each text has the whole of its old file.
    var reach = 0
}

extension Plan {
    /// `starts` says where in a dictionary of so many bytes each old file begins.
    fileprivate func textReach(_ dictionary: Int, _ starts: [Int: Int]) -> Int {
        var (end, reach) = (0, 0)
        for (_, edit) in edits where edit.method == .text || (edit.method == .literal && !edit.isBulk) {
            end += edit.expandedSize
            guard let start = edit.reference.flatMap({ starts[$0] }) else { continue }
            reach = max(reach, dictionary - start + end)
        }
        return reach
    }
}

/// The unpacked streams of a patch.
struct StreamSet: Sendable {
    private var streams = [[UInt8]](repeating: [], count: PatchStream.allCases.count)

    subscript(stream: PatchStream) -> [UInt8] {
        get { streams[stream.rawValue] }
        _modify { yield &streams[stream.rawValue] }
    }
}
