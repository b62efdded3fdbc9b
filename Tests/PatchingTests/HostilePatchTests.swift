import Archiving
import Primitives
import Releases
import Signatures
import Testing

@testable import Patching

/// What an attacker may send. Every case ends in a fault of ours or in the tree that was wanted, and `apply` looks at
/// what the sink was asked for meanwhile.
@Suite struct HostilePatchTests {
    let old = Sample.old
    let new = Sample.new

    @Test func aPatchThatIsCutAnywhereIsRefused() async throws {
        let patch = try await old.patch(to: new).bytes
        for count in 0..<patch.count {
            let outcome = try old.apply(Array(patch[..<count]), expected: new.listing.digest)
            #expect(outcome.tree == nil, "cut to \(count)")
        }
    }

    @Test(arguments: 0..<8)
    func aPatchWithOneBitTurnedMakesTheWantedTreeOrNone(bit: Int) async throws {
        let patch = try await old.patch(to: new).bytes
        for place in patch.indices {
            var bytes = patch
            bytes[place] ^= 1 << UInt8(bit)
            let outcome = try old.apply(bytes, expected: new.listing.digest)
            // The last bits of a packed stream may be any.
            #expect(outcome.tree == nil || outcome.tree == new, "byte \(place)")
        }
    }

    @Test func bytesBehindThePatchMakeTheWantedTreeOrNone() async throws {
        let patch = try await old.patch(to: new).bytes
        for tail in [[0], [255], [UInt8](repeating: 0, count: 100_000)] as [[UInt8]] {
            let outcome = try old.apply(patch + tail, expected: new.listing.digest)
            // A range coder looks a few bytes ahead, and does not care what they are.
            #expect(outcome.tree == nil || outcome.tree == new && tail.count == 1)
        }
    }

    @Test func aPatchForAnotherOldTreeIsRefusedBeforeAnythingIsMade() async throws {
        let patch = try await old.patch(to: new).bytes
        #expect(try new.apply(patch, expected: new.listing.digest).code == "patch/wrong-old-tree")
    }

    @Test func aPatchToAnotherTreeThanTheSignedOneIsRefused() async throws {
        let patch = try await old.patch(to: new).bytes
        #expect(try old.apply(patch, expected: old.listing.digest).code == "patch/wrong-new-tree")
    }

    @Test func anOldFileThatIsNotWhatWasListedIsFound() async throws {
        let patch = try await old.patch(to: new).bytes
        for path in old.nodes.keys.sorted() {
            guard case .file(let bytes, let executable) = old.nodes[path], !bytes.isEmpty else { continue }
            var other = old
            var turned = bytes
            turned[turned.count / 2] ^= 1
            for content in [turned, Array(bytes.dropLast())] {
                other.nodes[path] = .file(content, executable: executable)
                let sink = MemorySink(other)
                let outcome = Result {
                    try PatchDecoder(unpacker: PatchCompression()).apply(
                        PatchInMemory(patch), to: old.listing, expected: new.listing.digest, from: other, into: sink)
                }
                // A file that is not in the new tree and that no edit needs may be anything.
                #expect((try? outcome.get()) == nil || sink.made == new, "\(path)")
            }
        }
    }

    @Test func moreMemoryThanAllowedIsRefusedBeforeAnythingIsMade() async throws {
        let patch = try await old.patch(to: new)
        let limits = PatchLimits(memory: patch.header.memory - 1)
        let digest = try new.listing.digest
        #expect(try old.apply(patch.bytes, expected: digest, limits: limits).code == "patch/too-much-memory")
        #expect(
            try old.apply(patch.bytes, expected: digest, limits: PatchLimits(memory: patch.header.memory)).tree == new)
    }

    @Test func aTreeAboveTheLimitsIsRefused() async throws {
        let patch = try await old.patch(to: new).bytes
        let digest = try new.listing.digest
        for limits in [TreeLimits(entries: 3), TreeLimits(bytes: 100), TreeLimits(pathBytes: 12)] {
            let outcome = try old.apply(patch, expected: digest, limits: PatchLimits(tree: limits))
            #expect(outcome.tree == nil)
        }
    }
}
