import FoundationEssentials
import Primitives
import Releases
import Signatures
import Testing

@testable import UpdatePlan

@Suite struct DeliveryChoiceTests {
    /// The tree of a version.
    private func tree(_ version: String) -> Digest { Digest.sha256(of: Array(version.utf8)) }

    /// A release with an archive of 1000 bytes, and with patches from these versions and of these bytes.
    private func release(_ version: String, patches: [(from: String, bytes: Int)] = []) throws -> ReleaseManifest {
        var manifest = ReleaseManifest(
            product: try ProductName("suite"), channel: try ChannelName("stable"), version: try Version(version),
            time: Date(timeIntervalSince1970: 0), severity: .low,
            tree: ReleaseManifest.Tree(sha256: tree(version), files: 1, bytes: 1),
            archive: ReleaseManifest.Archive(sha256: tree("archive"), bytes: 1000))
        manifest.patches = try patches.map { from, bytes in
            ReleaseManifest.Patch(
                fromVersion: try Version(from), fromTree: tree(from),
                file: try .patch(manifest.product, from: Version(from), to: manifest.version), sha256: tree("patch"),
                bytes: bytes)
        }
        return manifest
    }

    private func facts(_ versions: [String], withdrawn: [String] = []) throws -> [ReleaseFacts] {
        try versions.map {
            ReleaseFacts(
                version: try Version($0), severity: .low, time: Date(timeIntervalSince1970: 0),
                withdrawal: withdrawn.contains($0)
                    ? try Withdrawal(reason: "bad", time: Date(timeIntervalSince1970: 0)) : nil)
        }
    }

    @Test(
        "a patch counts when it is from the installed release and smaller than the archive",
        arguments: [
            ([("1.0", 10)], 10), ([("1.0", 999)], 999), ([("1.0", 1000)], nil), ([("1.0", 2000)], nil), ([], nil),
            ([("0.9", 10)], nil), ([("0.9", 10), ("1.0", 50)], 50),
        ] as [([(String, Int)], Int?)])
    func direct(patches: [(String, Int)], expected: Int?) throws {
        let choice = DeliveryChoice(
            from: try Version("1.0"), tree: tree("1.0"), to: try release("2.0", patches: patches))
        #expect(choice.direct?.patch.bytes == expected)
        #expect(choice.direct.map { $0.tree == tree("2.0") } ?? true)
    }

    @Test("a patch from another tree under the installed version's name does not count")
    func otherTree() throws {
        let choice = DeliveryChoice(
            from: try Version("1.0"), tree: tree("another"), to: try release("2.0", patches: [("1.0", 10)]))
        #expect(choice.direct == nil)
    }

    @Test(
        "a chain is looked for over releases that are offered, good, newer than the installed one, and worth it",
        arguments: [
            ([("1.5", 10)], [], ["1.5"]), ([("1.5", 10)], ["1.5"], []), ([("1.5", 1000)], [], []),
            ([("0.9", 10)], [], []), ([("1.0", 10)], [], []), ([("1.7", 10)], [], []),
            ([("1.1", 50), ("1.5", 10), ("1.2", 50)], [], ["1.5", "1.2", "1.1"]),
        ] as [([(String, Int)], [String], [String])])
    func between(patches: [(String, Int)], withdrawn: [String], expected: [String]) throws {
        let choice = DeliveryChoice(
            from: try Version("1.0"), tree: tree("1.0"), to: try release("2.0", patches: patches))
        let offered = try facts(["0.9", "1.0", "1.1", "1.2", "1.5", "2.0"], withdrawn: withdrawn)
        #expect(choice.between(offered).map(\.description) == expected)
    }

    @Test(
        "the smallest chain is taken when it is smaller than the archive",
        arguments: [
            (300, 300, nil, ["1.1", "2.0"]), (500, 499, nil, ["1.1", "2.0"]), (500, 500, nil, nil),
            (999, 999, nil, nil),
            (300, 300, 299, ["1.2", "2.0"]), (300, 300, 301, ["1.1", "2.0"]), (500, 500, 100, ["1.2", "2.0"]),
        ] as [(Int, Int, Int?, [String]?)])
    func chain(first: Int, second: Int, other: Int?, expected: [String]?) throws {
        let release = try release("2.0", patches: [("1.1", second)] + (other == nil ? [] : [("1.2", 300)]))
        let choice = DeliveryChoice(from: try Version("1.0"), tree: tree("1.0"), to: release)
        let between =
            try [self.release("1.1", patches: [("1.0", first)])]
            + (other.map { [try self.release("1.2", patches: [("1.0", $0)])] } ?? [])
        #expect(choice.chain(over: between)?.map(\.version.description) == expected)
        #expect(choice.chain(over: []) == nil)
    }

    @Test("a chain does not go over another tree of a release in between")
    func brokenChain() throws {
        var between = try release("1.1", patches: [("1.0", 10)])
        between.tree.sha256 = tree("another")
        let choice = DeliveryChoice(
            from: try Version("1.0"), tree: tree("1.0"), to: try release("2.0", patches: [("1.1", 10)]))
        #expect(choice.chain(over: [between]) == nil)
    }
}
