import Archiving
import Primitives
import Releases
import Signatures

@testable import Patching

/// A patch put together by hand: any header, any plan.
struct ForgedPatch {
    var old = MemoryTree([
        "a": .folder, "a/f": .file(Array("old content\n".utf8)), "b": .file([1, 2, 3]), "l": .link("b"),
    ])
    var plan: [UInt8] = []
    var text: [UInt8] = []
    /// Of the new tree less the old: what the header says.
    var entries = 0
    var bytes = 0

    func header() throws -> PatchHeader {
        let streams = [(stream: PatchStream.plan, count: plan.count), (.text, text.count)].filter { $0.count > 0 }
        let all = plan + text
        return PatchHeader(
            before: try old.listing.digest, after: Digest.sha256(of: []), entriesDelta: entries, bytesDelta: bytes,
            editKiB: 0, grouped: streams,
            group: streams.isEmpty
                ? nil
                : PatchHeader.Packed(
                    packing: .stored, window: PatchHeader.groupWindow(all.count), count: all.count,
                    packedCount: all.count),
            singles: [])
    }

    /// The code of the fault that applying it ends in; the digest is never right.
    func code(limits: PatchLimits = PatchLimits()) throws -> String? {
        try old.apply(try header().encoded + plan + text, expected: Digest.sha256(of: []), limits: limits).code
    }

    /// The same for a patch whose plan makes these entries, in their one encoding.
    static func code(_ entries: [PlannedEntry]) throws -> String? {
        var patch = ForgedPatch()
        patch.plan = try Plan(renames: [], entries: entries).encoded(over: patch.old.listing)
        (patch.entries, patch.bytes) = (entries.count - 4, -15)
        return try patch.code()
    }

    /// Numbers, as a plan has them.
    static func numbers(_ values: [Int]) -> [UInt8] {
        var writer = NumberWriter()
        for value in values { writer.append(value) }
        return writer.bytes
    }

    /// A path coded against nothing.
    static func path(_ text: String) -> [UInt8] { numbers([0, 0, text.utf8.count]) + Array(text.utf8) }
}
