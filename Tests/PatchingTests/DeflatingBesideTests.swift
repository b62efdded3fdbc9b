import Archiving
import Primitives
import Releases
import Signatures
import Synchronization
import Testing

@testable import Patching

/// Begins nothing before it is waited for, or at once.
private final class OddCore: SecondCore, Sendable {
    private let waiting = Mutex<(@Sendable () -> Void)?>(nil)
    private let isLate: Bool
    let begun = Mutex(0)

    init(isLate: Bool) { self.isLate = isLate }

    func begin(_ work: @escaping @Sendable () -> Void) {
        begun.withLock { $0 += 1 }
        if isLate { waiting.withLock { $0 = work } } else { work() }
    }

    func wait() {
        let work = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        work?()
    }

    var hasWork: Bool { waiting.withLock { $0 != nil } }
}

@Suite struct DeflatingBesideTests {
    private static func tree(_ text: String, _ program: UInt8) -> MemoryTree {
        let file = DeflatedTests.tree(text).nodes["changelog.gz"] ?? .folder
        let other = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) ^ ($0 % 5000 == 0 ? program : 0) }
        return MemoryTree(["a": .file(other), "b.gz": file, "c": .file(other.reversed()), "d.gz": file])
    }

    private let old = tree(GzipSample.old, 1)
    private let new = tree(GzipSample.new, 2)

    private func apply(_ patch: [UInt8], _ core: OddCore) throws -> Outcome {
        let sink = MemorySink(old)
        defer { expectNone(sink.violations) }
        do {
            try PatchDecoder(unpacker: PatchCompression(), secondCore: core).apply(
                PatchInMemory(patch), to: old.listing, expected: new.listing.digest, from: old, into: sink)
            return .made(sink.made)
        } catch let fault as any ReportableFault { return .fault(fault) }
    }

    private func changed(_ patch: EncodedPatch, deflatingKiB: Int) -> [UInt8] {
        let header = patch.header
        let other = PatchHeader(
            before: header.before, after: header.after, entriesDelta: header.entriesDelta,
            bytesDelta: header.bytesDelta, editKiB: header.editKiB, deflatingKiB: deflatingKiB,
            grouped: header.grouped, group: header.group, singles: header.singles)
        return other.encoded + patch.bytes.dropFirst(header.encoded.count)
    }

    @Test(arguments: [true, false])
    func filesAreDeflatedBesideOthersAndComeOutAsTheyWere(_ isLate: Bool) async throws {
        let patch = try await old.patch(to: new)
        #expect(patch.header.deflatingKiB > 0)
        let core = OddCore(isLate: isLate)
        #expect(try apply(patch.bytes, core).tree == new)
        #expect(core.begun.withLock { $0 } == 2 && !core.hasWork)
    }

    @Test func whenTheHeaderHasNoMemoryForThatTheyAreMadeAtOnce() async throws {
        let patch = try await old.patch(to: new)
        let header = patch.header
        let sum = PatchHeader(
            before: header.before, after: header.after, entriesDelta: header.entriesDelta,
            bytesDelta: header.bytesDelta, editKiB: header.editKiB + header.deflatingKiB, grouped: header.grouped,
            group: header.group, singles: header.singles)
        let core = OddCore(isLate: true)
        #expect(try apply(sum.encoded + patch.bytes.dropFirst(header.encoded.count), core).tree == new)
        #expect(core.begun.withLock { $0 } == 0)
    }

    @Test func moreMemoryForDeflatingThanTheHeaderSaysIsNotUsed() async throws {
        let patch = try await old.patch(to: new)
        let core = OddCore(isLate: true)
        #expect(try apply(changed(patch, deflatingKiB: 100), core).code == "patch/too-much-memory")
        #expect(core.begun.withLock { $0 } == 0)
    }

    /// Whatever is broken: nothing goes on afterwards.
    @Test func whateverByteIsWrongNothingIsLeftToBeDone() async throws {
        let patch = try await old.patch(to: new).bytes
        for place in patch.indices {
            var bytes = patch
            bytes[place] ^= 0x10
            let core = OddCore(isLate: true)
            let outcome = try apply(bytes, core)
            #expect(outcome.tree == nil || outcome.tree == new, "byte \(place)")
            #expect(!core.hasWork)
        }
    }
}
