import Archiving
import Primitives
import Releases
import Signatures
import TestSupport
import Testing

@testable import Patching
@testable import Updating

/// Patches that keyholders signed unread and that are made to exhaust an instance.
@Suite struct PatchBombTests {
    enum Bomb: CaseIterable, Sendable {
        /// A plan of 64 MiB in a few bytes; of 1 MiB, which may be; one that is much longer than the header says.
        case longPlan, emptyPlan, understatedPlan
        /// Terabytes of new text, by the header; a window of the largest size for every stream.
        case endlessText, largestWindows
    }

    private func patch(_ bomb: Bomb, _ before: Digest, _ after: Digest) throws -> [UInt8] {
        func packed(_ count: Int, claimed: Int? = nil) throws -> (PatchHeader.Packed, [UInt8]) {
            let bytes = try PatchCompression().pack(
                [UInt8](repeating: 0, count: count), as: .zstd, window: 1 << 20, dictionary: [])
            return (
                PatchHeader.Packed(packing: .zstd, window: 20, count: claimed ?? count, packedCount: bytes.count), bytes
            )
        }
        var singles: [(stream: PatchStream, packed: PatchHeader.Packed)] = []
        var body: [UInt8] = []
        func add(_ stream: PatchStream, _ piece: (PatchHeader.Packed, [UInt8]), window: Int? = nil) {
            var header = piece.0
            if let window { header.window = window }
            singles.append((stream, header))
            body += piece.1
        }
        switch bomb {
        case .longPlan: add(.plan, try packed(64 << 20))
        case .emptyPlan: add(.plan, try packed(1 << 20))
        case .understatedPlan: add(.plan, try packed(64 << 20, claimed: 10))
        case .endlessText:
            add(.plan, try packed(10))
            add(.bulk, try packed(1 << 20, claimed: 1 << 42))
        case .largestWindows:
            for stream in PatchStream.allCases where stream != .text { add(stream, try packed(10), window: 27) }
        }
        let header = PatchHeader(
            before: before, after: after, entriesDelta: 0, bytesDelta: bomb == .endlessText ? 1 << 42 : 0, editKiB: 0,
            grouped: [], group: nil, singles: singles)
        return header.encoded + body
    }

    @Test("a bomb is refused, and the archive is fetched in the same run", arguments: Bomb.allCases)
    func bomb(_ bomb: Bomb) throws {
        let repository = try ReleaseRepository()
        let old = try repository.add("1.0", LargeSample.files("1.0"))
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        let unpatched = try ReleaseRepository().add("1.1", LargeSample.files("1.1"))
        let bytes = try patch(bomb, old.listing.digest, unpatched.listing.digest)
        try #require(bytes.count < unpatched.archive.count)
        try repository.add("1.1", LargeSample.files("1.1"), patches: [.init(from: "1.0", bytes: bytes)])
        let report = try instance.agent().update()
        let refusal = try #require(report.patchRefusal)
        #expect(refusal.hasPrefix("[patch/") || refusal.hasPrefix("[compression/"), "\(refusal)")
        if bomb == .largestWindows { #expect(refusal.hasPrefix("[patch/too-much-memory]"), "\(refusal)") }
        #expect(report.delivery?.way == .archive)
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
    }
}
