import Primitives
import Releases
import Testing

@testable import Patching

@Suite struct HostilePlanTests {
    /// Deletes all four entries of the forged patch's old tree.
    static let deleteAll = ForgedPatch.numbers([0, 3 << 3 | 1])

    static func create(_ path: String) -> PlannedEntry {
        let edit = PlannedEdit(method: .literal, transform: .none, reference: nil, size: 0, expandedSize: 0)
        return PlannedEntry(path: ByteString(path), kind: .file(executable: false, .edit(edit)))
    }

    static func link(_ path: String, _ target: String) -> PlannedEntry {
        PlannedEntry(path: ByteString(path), kind: .link(target: ByteString(target)))
    }

    @Test(arguments: [
        "../x", "/etc/passwd", "a/../../x", "a//b", "./x", "a/.", "x/", "", "a\u{0}b", "a\nb",
        String(repeating: "n", count: 300), Array(repeating: "d", count: 70).joined(separator: "/"),
    ])
    func aPathThatEscapesOrIsNotPlainIsRefused(path: String) throws {
        let code = try ForgedPatch.code([Self.create(path)])
        #expect(["release/unsafe-path", "patch/malformed", "patch/too-large"].contains(code))
    }

    @Test(arguments: ["/etc", "..", "../..", "x/../../y", ""])
    func aLinkThatLeavesTheTreeIsRefused(target: String) throws {
        #expect(try ForgedPatch.code([Self.link("l", target)]) == "release/unsafe-link")
    }

    @Test func aFileBelowALinkOrAFileIsRefused() throws {
        for first in [Self.link("d", "a"), Self.create("d")] {
            #expect(try ForgedPatch.code([first, Self.create("d/file")]) == "release/missing-folder")
        }
    }

    @Test func aPathCannotBeWrittenTwice() throws {
        #expect(try ForgedPatch.code([Self.create("x"), Self.create("x")]) == "patch/malformed")
        var patch = ForgedPatch()
        patch.plan = ForgedPatch.numbers([1, 0, 0, 0, 1]) + Array("b".utf8)
        #expect(try patch.code() == "patch/malformed")
    }

    @Test(
        arguments: [
            ("a run beyond the end", [0, 4 << 3]), ("a run of 2^59", [0, 1 << 62]),
            ("deletes beyond the end", [0, 4 << 3 | 1]),
            ("a mode for a folder", [0, 0 << 3 | 2]), ("an edit of a folder", [0, 0 << 3 | 3, 0]),
            ("a target for a file", [0, 1 << 3 | 1, 4]), ("an unknown instruction", [0, 6]), ("another", [0, 7]),
            ("2^40 renames", [1 << 40]), ("a rename of no folder", [1, 2, 0, 0, 1, 65]),
            ("of nothing", [1, 4, 0, 0, 1, 65]),
            ("a huge size", [0, 1, 1 << 3 | 3, 1 << 61]), ("a negative size", [0, 1, 1 << 3 | 3, 2 * 13 + 1]),
            ("a source beyond the tree", [0, 2 << 3 | 5, 0, 2 * 4]), ("a source before it", [0, 2 << 3 | 5, 0, 1]),
            ("a folder as a source", [0, 2 << 3 | 5, 0, 0]), ("a link as a source", [0, 2 << 3 | 5, 0, 2 * 3]),
            ("an edit without a method", [0, 2 << 3 | 5, 1 << 1, 2]),
            ("a source of unknown kind", [0, 2 << 3 | 5, 1 << 7]),
            ("an unknown transform", [0, 1, (3 << 3) << 3 | 3]), ("create of an unknown kind", [0, 3 << 3 | 5]),
            ("create with an unknown base", [0, (1 << 3) << 3 | 5]),
            ("a path against no source", [0, (1 << 2) << 3 | 5, 0, 0, 1, 65]),
            ("a name of 2^50 bytes", [0, 0 << 3 | 5, 0, 0, 1 << 50]), ("nothing behind an instruction", [0, 5]),
            ("a keep at the end", [0, 3 << 3]), ("no instruction at all", [0]), ("two runs for one", [0, 1, 1]),
        ] as [(String, [Int])])
    func aPlanThatMakesNoSenseIsRefused(what: String, numbers: [Int]) throws {
        var patch = ForgedPatch()
        patch.plan = ForgedPatch.numbers(numbers)
        let code = try #require(try patch.code())
        #expect(
            ["patch/malformed", "patch/not-canonical", "patch/truncated", "patch/too-large"].contains(code),
            "\(what): \(code)")
    }

    @Test func numbersWithTwoSpellingsAreRefused() throws {
        var patch = ForgedPatch()
        patch.plan = [0x80, 0]
        #expect(try patch.code() == "patch/not-canonical")
        patch.plan = [UInt8](repeating: 0xff, count: 20)
        #expect(try patch.code() == "patch/malformed")
    }

    @Test func aPlanThatIsNotWhatTheHeaderSaysIsRefused() throws {
        var patch = ForgedPatch()
        patch.plan = Self.deleteAll
        #expect(try patch.code() == "patch/malformed")
        (patch.entries, patch.bytes) = (-4, -15)
        #expect(try patch.code() == "patch/wrong-new-tree")
    }

    @Test func textThatIsNotUsedIsRefused() throws {
        var patch = ForgedPatch()
        patch.plan = Self.deleteAll
        (patch.entries, patch.bytes, patch.text) = (-4, -15, [1])
        #expect(try patch.code() == "patch/leftover")
    }

    @Test func aFileWhoseBytesAreMissingIsRefused() throws {
        var patch = ForgedPatch()
        patch.plan = Self.deleteAll + ForgedPatch.numbers([2 << 3 | 5, 2 << 1, 1000]) + ForgedPatch.path("x")
        (patch.entries, patch.bytes) = (-3, 985)
        #expect(try patch.code() == "patch/truncated")
    }

    @Test func aFileOfATerabyteIsRefusedBeforeItIsBegun() throws {
        var patch = ForgedPatch()
        patch.plan = Self.deleteAll + ForgedPatch.numbers([2 << 3 | 5, 2 << 1, 1 << 40]) + ForgedPatch.path("x")
        (patch.entries, patch.bytes) = (-3, 1 << 40 - 15)
        #expect(try patch.code() == "patch/malformed")
    }
}
