import Patching
import Primitives
import Releases
import Signatures
import Testing

func expectNone(_ violations: [String], _ location: SourceLocation = #_sourceLocation) {
    #expect(violations.isEmpty, sourceLocation: location)
}

@Suite struct RoundTripTests {
    @Test(arguments: 0..<60)
    func aRandomTreeBecomesWhatCameFromIt(seed: Int) async throws {
        let pair = RandomPair(seed: seed)
        let patch = try await pair.old.patch(to: pair.new)
        let outcome = try pair.old.apply(patch.bytes, expected: pair.new.listing.digest)
        #expect(outcome.code == nil)
        #expect(outcome.tree == pair.new)
    }

    @Test(arguments: [3, 17])
    func equalTreesGiveEqualBytesOnAnyNumberOfCores(seed: Int) async throws {
        let pair = RandomPair(seed: seed)
        var one = PatchSettings()
        one.workers = 1
        var many = PatchSettings()
        many.workers = 5
        let (first, second) = (
            try await pair.old.patch(to: pair.new, one), try await pair.old.patch(to: pair.new, many)
        )
        #expect(first.bytes == second.bytes)
    }

    @Test func anUnchangedTreeCostsItsHeaderOnly() async throws {
        let tree = Sample.old
        let patch = try await tree.patch(to: tree)
        #expect(patch.bytes.count == 4 + 64 + 5)
        #expect(try tree.apply(patch.bytes, expected: tree.listing.digest).tree == tree)
    }

    @Test func aReleaseWithARenamedFolderAndARecordCostsLittle() async throws {
        let patch = try await Sample.old.patch(to: Sample.new)
        #expect(try Sample.old.apply(patch.bytes, expected: Sample.new.listing.digest).tree == Sample.new)
        // Two digests are 64 of them.
        #expect(patch.bytes.count < 250)
    }

    @Test func emptyTreesOnEitherSide() async throws {
        for (old, new) in [(MemoryTree(), Sample.new), (Sample.new, MemoryTree()), (MemoryTree(), MemoryTree())] {
            let patch = try await old.patch(to: new)
            #expect(try old.apply(patch.bytes, expected: new.listing.digest).tree == new)
        }
    }

    @Test func whatDoesNotFitIntoTheTextIsPackedOtherwise() async throws {
        var settings = PatchSettings()
        settings.textBytes = 3000
        for seed in 100..<110 {
            let pair = RandomPair(seed: seed)
            let patch = try await pair.old.patch(to: pair.new, settings)
            #expect(try pair.old.apply(patch.bytes, expected: pair.new.listing.digest).tree == pair.new)
        }
    }
}

/// A small wheel and its successor.
enum Sample {
    static let text = (0..<120).map { "def function_\($0)(self): return \($0 * $0)\n" }.joined()

    static let old = make("1.2", text)
    static let new = make("1.3", text.replacing("function_77", with: "function_seventy_seven"))

    private static func make(_ version: String, _ text: String) -> MemoryTree {
        var tree = MemoryTree([
            "app": .folder, "app/main.py": .file(Array(text.utf8)),
            "app/run.sh": .file(Array("#!/bin/sh\n".utf8), executable: true),
            "app/link": .link("main.py"), "app/empty": .file([]),
        ])
        let folder = "app-\(version).dist-info"
        tree.nodes[ByteString(folder)] = .folder
        tree.nodes[ByteString("\(folder)/METADATA")] = .file(Array("Name: app\nVersion: \(version)\n".utf8))
        let record = tree.nodes.sorted { $0.key < $1.key }.compactMap { path, node -> String? in
            guard case .file(let bytes, _) = node else { return nil }
            return "\(path),sha256=\(base64URL(Digest.sha256(of: bytes).bytes)),\(bytes.count)\n"
        }
        tree.nodes[ByteString("\(folder)/RECORD")] = .file(Array((record.joined() + "\(folder)/RECORD,,\n").utf8))
        return tree
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
