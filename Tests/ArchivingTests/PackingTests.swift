import Archiving
import DurableStorage
import Foundation
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@Suite struct PackingTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func pack(_ tree: FilePath, _ name: String = "x.tar.zst") throws -> (PackedTree, [UInt8]?) {
        let packed = try TreePacker().pack(tree, to: folder.path(name), storage: DurableStorage())
        return (packed, try folder.read(name))
    }

    private func code(_ tree: FilePath, _ packer: TreePacker = TreePacker()) throws -> String? {
        do { _ = try packer.pack(tree, to: folder.path("x.tar.zst"), storage: DurableStorage()) } catch {
            #expect(try folder.read("x.tar.zst") == nil)
            #expect(try folder.read(".x.tar.zst.tmp") == nil)
            return (error as? any ReportableFault)?.codeText
        }
        return nil
    }

    // MARK: the same bytes

    @Test func theSameTreeTwiceGivesTheSameBytes() throws {
        let tree = try folder.make(Sample.everything)
        #expect(try pack(tree) == pack(tree, "y.tar.zst"))
    }

    @Test func anotherFolderAndAnotherOrderOfCreationGiveTheSameBytes() throws {
        let first = try folder.make(Sample.everything)
        let folders = Sample.everything.filter { if case .folder = $0 { true } else { false } }
        let second = try folder.make(folders + Sample.everything.reversed(), in: "deeper/other name")
        #expect(try pack(first) == pack(second, "y.tar.zst"))
    }

    @Test func anotherDayGivesTheSameBytes() throws {
        let tree = try folder.make(Sample.everything)
        let before = try pack(tree)
        for (name, info) in try folder.contents() where name.hasPrefix("tree") && info.kind != .link {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: folder.path(name).string)
        }
        #expect(try pack(tree, "y.tar.zst") == before)
    }

    /// What a umask of 077 or 002 leaves of the modes; the umask itself belongs to the whole process.
    @Test(arguments: [0o700, 0o664 | 0o111])
    func anotherUmaskGivesTheSameBytes(_ mask: Int) throws {
        let tree = try folder.make(Sample.everything)
        let before = try pack(tree)
        for (name, info) in try folder.contents() where name.hasPrefix("tree") && info.kind != .link {
            let mode = Int(info.permissions.rawValue) & mask | (mask == 0o700 ? 0 : 0o020)
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: folder.path(name).string)
        }
        #expect(try pack(tree, "y.tar.zst") == before)
    }

    @Test func aHardLinkIsPackedAsTheFileItIs() throws {
        let tree = try folder.make([.file("a", "text"), .file("b", "text")])
        let before = try pack(tree)
        try FileManager.default.removeItem(atPath: tree.appending("b").string)
        try FileManager.default.linkItem(atPath: tree.appending("a").string, toPath: tree.appending("b").string)
        #expect(try pack(tree, "y.tar.zst") == before)
    }

    @Test func oneChangedByteGivesAnotherListingAndArchive() throws {
        let before = try pack(folder.make([.file("a", "text")]))
        let after = try pack(folder.make([.file("a", "Text")]))
        #expect(before.0.listing.digest != after.0.listing.digest)
        #expect(before.0.sha256 != after.0.sha256)
        let differences = after.0.listing.differences(from: before.0.listing)
        #expect(differences.map(\.kind) == [.content])
    }

    // MARK: refused

    @Test(arguments: [
        ("/etc/passwd", "release/unsafe-link"), ("../out", "release/unsafe-link"),
        ("inner/../../out", "release/unsafe-link"),
    ])
    func aLinkThatLeavesIsRefused(_ target: String, _ expected: String) throws {
        #expect(try code(folder.make([.link("l", to: target)])) == expected)
    }

    @Test func aFIFOIsRefused() throws {
        let tree = try folder.make([.file("a", "x")])
        #expect(mkfifo(tree.appending("fifo").string, 0o644) == 0)
        #expect(try code(tree) == "archive/unsupported-entry")
    }

    @Test func aSocketIsRefused() throws {
        let tree = try folder.make([])
        #expect(mknod(tree.appending("socket").string, S_IFSOCK | 0o644, 0) == 0)
        #expect(try code(tree) == "archive/unsupported-entry")
    }

    @Test(arguments: [0o4755, 0o2755, 0o1644])
    func aSpecialModeIsRefused(_ mode: UInt32) throws {
        let tree = try folder.make([.file("a", "x")])
        #expect(chmod(tree.appending("a").string, mode) == 0)
        #expect(try code(tree) == "archive/unsafe-mode")
    }

    @Test(arguments: [[0x61, 0xff], [0x61, 0x0a], [0x1b], [0xc2, 0x85]] as [[UInt8]])
    func aNameThatIsNotPlainTextIsRefusedWithItsPath(_ name: [UInt8]) throws {
        let tree = try folder.make([])
        try folder.touch(name, in: tree)
        defer { folder.untouch(name, in: tree) }
        #expect(try code(tree) == "release/unsafe-path")
    }

    @Test func moreThanTheLimitsAllowIsRefused() throws {
        let tree = try folder.make([.file("a", "12345"), .file("b", "12345")])
        #expect(try code(tree, TreePacker(limits: TreeLimits(entries: 1))) == "archive/too-large")
        #expect(try code(tree, TreePacker(limits: TreeLimits(bytes: 9))) == "archive/too-large")
        #expect(try code(tree, TreePacker(limits: TreeLimits(entries: 2, bytes: 10))) == nil)
    }

    @Test func aTreeThatIsNotThereIsALocalFault() throws {
        #expect(try code(folder.path("nowhere")) == "storage/not-found")
        #expect(try code(folder.write("a file", to: "file")) == "storage/failed")
    }

    @Test(arguments: ["grown by one", ""])
    func aFileThatChangesItsLengthWhileBeingPackedIsAFault(_ text: String) throws {
        /// Acts between the walk and the reading.
        struct Meddler: EffectObserver {
            let file: FilePath
            let text: String

            func willPerform(_ effect: DurableEffect) throws(StorageFault) {
                guard case .write = effect else { return }
                try? Data(text.utf8).write(to: URL(fileURLWithPath: file.string))
            }
        }
        let tree = try folder.make([.file("a", "as it was")])
        let storage = DurableStorage(observer: Meddler(file: tree.appending("a"), text: text))
        let fault = #expect(throws: ArchiveFault.self) {
            try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: storage)
        }
        #expect(fault?.code == .changedWhilePacking)
        #expect(fault?.family == .local)
        #expect(try folder.read("x.tar.zst") == nil)
    }
}
