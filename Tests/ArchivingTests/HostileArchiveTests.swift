import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing

/// Every archive here has the digest that was "signed": what refuses it is not the digest.
@Suite struct HostileArchiveTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        let name: String
        let code: String
        /// The whole archive file.
        let archive: @Sendable () throws -> [UInt8]

        init(_ name: String, _ code: String, _ entries: RawEntry...) {
            (self.name, self.code) = (name, code)
            archive = { try RawTar.compress(RawTar.bytes(entries)) }
        }

        init(_ name: String, _ code: String, raw archive: @escaping @Sendable () throws -> [UInt8]) {
            (self.name, self.code, self.archive) = (name, code, archive)
        }

        var testDescription: String { name }
    }

    static let honest: [RawEntry] = [
        .folder("a"), .file("a/file", "hello"), .file("b", "world"), .link("l", to: "a/file"),
        .file("run", "#!", mode: 0o755),
    ]
    static let entries: [TreeEntry] = [
        TreeEntry("a", .directory), .file("a/file", "hello"), .file("b", "world"),
        TreeEntry("l", .link(target: "a/file")), .file("run", "#!", executable: true),
    ]

    static let paths: [Attack] = [
        Attack("absolute path", "release/unsafe-path", .file("/tmp/sceau-victim", "x")),
        Attack("path above the tree", "release/unsafe-path", .file("../victim", "x")),
        Attack("path above the tree from inside", "release/unsafe-path", .folder("a"), .file("a/../../victim", "x")),
        Attack("path above the tree by a pax header", "release/unsafe-path", .pax([("path", "../victim")]), honest[2]),
        Attack("absolute path by a pax header", "release/unsafe-path", .pax([("path", "/victim")]), honest[2]),
        Attack(
            "path above the tree by a GNU long name", "release/unsafe-path",
            RawEntry(name: Array("long".utf8), type: UInt8(ascii: "L"), content: Array("../victim\0".utf8)), honest[2]),
        Attack("dot component", "release/unsafe-path", .folder("./a")),
        Attack("empty component", "release/unsafe-path", .folder("a"), .file("a//file", "hello")),
        Attack("control character", "release/unsafe-path", .file("new\nline", "x")),
        Attack("terminal escape", "release/unsafe-path", .file("\u{1b}[2J", "x")),
        Attack("name that is not UTF-8", "release/unsafe-path", RawEntry(name: [0x61, 0xff])),
        Attack("entry that is not listed", "archive/unlisted-entry", honest[0], honest[1], .file("a/more", "x")),
        Attack(
            "path through a link inside the tree", "archive/unlisted-entry", honest[0], honest[1], honest[2],
            .link("l", to: "a/file"), .file("l/file", "x")),
        Attack("the same file twice", "archive/duplicate-entry", honest[0], honest[1], honest[1]),
        Attack("a file over a folder", "archive/duplicate-entry", honest[0], .file("a", "x")),
        Attack("nothing", "archive/missing-entry"),
        Attack("last entry missing", "archive/missing-entry", honest[0], honest[1], honest[2], honest[3]),
        Attack("middle entry missing", "archive/missing-entry", honest[0], honest[1], honest[3], honest[4]),
        Attack("other order", "archive/missing-entry", honest[2], honest[0], honest[1], honest[3], honest[4]),
        Attack("folder missing", "archive/missing-entry", honest[1]),
    ]

    static let kinds: [Attack] = [
        Attack("link to an absolute path", "release/unsafe-link", .link("l", to: "/etc/passwd")),
        Attack("link above the tree", "release/unsafe-link", .link("l", to: "../victim")),
        Attack("link above the tree from inside", "release/unsafe-link", .folder("a"), .link("a/l", to: "../../v")),
        Attack("link that climbs through another link", "release/unsafe-link", .link("m", to: "l/../../victim")),
        Attack(
            "link above the tree by a pax header", "release/unsafe-link", .pax([("linkpath", "../victim")]),
            .link("l", to: "a/file")),
        Attack("link in the place of a folder", "archive/wrong-entry", .link("a", to: "b")),
        Attack("folder in the place of a file", "archive/wrong-entry", honest[0], honest[1], .folder("b")),
        Attack(
            "link to another target", "archive/wrong-entry", honest[0], honest[1], honest[2], .link("l", to: "b")),
        Attack("hard link", "archive/unsupported-entry", honest[0], honest[1], .link("b", to: "a/file", type: "1")),
        Attack("hard link out of the tree", "archive/unsupported-entry", .link("b", to: "../victim", type: "1")),
        Attack("character device", "archive/unsupported-entry", .special("b", "3")),
        Attack("block device", "archive/unsupported-entry", .special("b", "4")),
        Attack("FIFO", "archive/unsupported-entry", .special("b", "6")),
        Attack(
            "extended attribute", "archive/unsupported-entry",
            .pax([("SCHILY.xattr.security.capability", "AQAAAgAgAAA=")]), honest[2]),
        Attack(
            "access list", "archive/unsupported-entry",
            .pax([("SCHILY.acl.access", "user::rw-,user:1:rw-,group::r--,mask::rw-,other::r--")]), honest[2]),
        Attack("set-uid bit", "archive/unsafe-mode", honest[0], .file("a/file", "hello", mode: 0o4755)),
        Attack("set-gid bit", "archive/unsafe-mode", honest[0], .file("a/file", "hello", mode: 0o2755)),
        Attack("sticky bit", "archive/unsafe-mode", .folder("a", mode: 0o1777)),
        Attack("mode of another file", "archive/wrong-entry", honest[0], .file("a/file", "hello", mode: 0o755)),
        Attack("folder open to everybody", "archive/wrong-entry", .folder("a", mode: 0o777)),
    ]

    static let contents: [Attack] = [
        Attack("wrong content", "archive/wrong-content", honest[0], .file("a/file", "hullo")),
        Attack("content too long", "archive/wrong-entry", honest[0], .file("a/file", "hello, you")),
        Attack("content too short", "archive/wrong-entry", honest[0], .file("a/file", "hell")),
        Attack(
            "a size beyond all measure", "archive/wrong-entry", honest[0],
            RawEntry(name: Array("a/file".utf8), size: 0o77777777777)),
        Attack(
            "a negative size", "archive/malformed", honest[0], .pax([("size", "-1")]), honest[1]),
        Attack(
            "spoiled check sum", "archive/malformed", honest[0],
            RawEntry(name: Array("a/file".utf8), spoilsCheckSum: true)),
        Attack("ends inside a file", "archive/malformed") {
            try RawTar.compress(Array(RawTar.bytes(honest).prefix(512 + 512 + 2)))
        },
        Attack("bytes behind the end of the tar", "archive/trailing-bytes") {
            try RawTar.compress(RawTar.bytes(honest) + [0, 0, 1])
        },
        Attack("far behind the end of the tar", "archive/trailing-bytes") {
            try RawTar.compress(RawTar.bytes(honest) + [UInt8](repeating: 0, count: 300_000) + [1])
        },
        Attack("a second archive behind the first", "archive/trailing-bytes") {
            try RawTar.compress(RawTar.bytes(honest) + RawTar.bytes([.file("c", "x")]))
        },
        Attack("bytes behind the compressed data", "compression/trailing-bytes") {
            try RawTar.compress(RawTar.bytes(honest)) + [0]
        },
        Attack("a second frame", "compression/trailing-bytes") {
            try RawTar.compress(RawTar.bytes(honest)) + RawTar.compress(RawTar.bytes(honest))
        },
        Attack("bomb behind the last entry", "compression/output-too-large") {
            try RawTar.compress(RawTar.bytes(honest) + [UInt8](repeating: 0, count: 40 << 20))
        },
        Attack("compressed twice", "archive/malformed") {
            try RawTar.compress(RawTar.compress(RawTar.bytes(honest)))
        },
        Attack("not compressed", "compression/corrupt") { RawTar.bytes(honest) },
        Attack("gzip", "compression/corrupt") { [0x1f, 0x8b, 8, 0] + [UInt8](repeating: 0, count: 600) },
        Attack("empty file", "compression/truncated") { [] },
        Attack("cpio", "archive/malformed") {
            let header = "070701" + String(repeating: "00000000", count: 11) + "00000002" + "00000000" + "b\0"
            return try RawTar.compress(Array(header.utf8) + [UInt8](repeating: 0, count: 512))
        },
        Attack("zip", "archive/malformed") {
            try RawTar.compress([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0] + [UInt8](repeating: 0x20, count: 2000))
        },
    ]

    @Test(arguments: paths + kinds + contents)
    func isRefusedAndNothingStays(_ attack: Attack) throws {
        let scene = try Scene(try attack.archive())
        let fault = scene.extract()
        #expect(fault?.codeText == attack.code, "\(fault?.message ?? "accepted")")
        #expect(fault?.family == .refusal)
        #expect(scene.check()?.message == fault?.message)
        try scene.expectNothingHappened()
    }

    @Test func theHonestArchiveIsAccepted() throws {
        let scene = try Scene(try RawTar.compress(RawTar.bytes(Self.honest)))
        #expect(scene.check() == nil)
        try scene.expectNothingHappened()
        #expect(scene.extract() == nil)
        #expect(try TreeVerifier().verify(scene.target, against: scene.listing) == [])
    }

    @Test func anyOtherArchiveThanTheSignedOneIsCalledThat() throws {
        let good = try RawTar.compress(RawTar.bytes(Self.honest))
        for bytes in [good + [0], Array(good.dropLast()), [], RawTar.bytes(Self.honest)] {
            let scene = try Scene(bytes)
            #expect(scene.extract(.sha256(of: good))?.codeText == "archive/wrong-digest")
            try scene.expectNothingHappened()
        }
        // Even when it holds exactly the listed tree.
        let scene = try Scene(try RawTar.compress(RawTar.bytes(Self.honest) + [0, 0, 0]))
        #expect(scene.extract(.sha256(of: good))?.codeText == "archive/wrong-digest")
        try scene.expectNothingHappened()
    }

    @Test func everyCutIsRefused() throws {
        let good = try RawTar.compress(RawTar.bytes(Self.honest))
        for length in stride(from: 0, to: good.count, by: 7) {
            let scene = try Scene(Array(good.prefix(length)))
            #expect(scene.extract()?.codeText == "compression/truncated", "cut after \(length)")
            try scene.expectNothingHappened()
        }
    }

    @Test func everyCutOfTheTarInsideIsRefused() throws {
        let tar = Self.honest.flatMap(\.bytes)
        for length in stride(from: 0, to: tar.count, by: 256) {
            let scene = try Scene(try RawTar.compress(Array(tar.prefix(length))))
            #expect(scene.extract()?.family == .refusal, "cut after \(length)")
            try scene.expectNothingHappened()
        }
    }

    @Test func aFlippedBitAnywhereIsRefusedOrChangesNothing() throws {
        let good = try RawTar.compress(RawTar.bytes(Self.honest))
        for index in stride(from: 0, to: good.count, by: 3) {
            var bytes = good
            bytes[index] ^= 1 << (index % 8)
            let signed = try Scene(bytes)
            #expect(signed.extract(.sha256(of: good))?.codeText == "archive/wrong-digest", "byte \(index)")
            try signed.expectNothingHappened()
            // Had it been signed like this, the listing would still decide.
            let scene = try Scene(bytes)
            if let fault = scene.extract() {
                #expect(fault.family == .refusal)
                try scene.expectNothingHappened()
            } else {
                #expect(try TreeVerifier().verify(scene.target, against: scene.listing) == [])
            }
        }
    }

    @Test func aFolderThatIsThereAlreadyIsLeftAlone() throws {
        let scene = try Scene(try RawTar.compress(RawTar.bytes(Self.honest)))
        try scene.folder.write("mine", to: "out/mine")
        #expect(scene.extract()?.codeText == "storage/exists")
        #expect(try scene.folder.read("out/mine") == Array("mine".utf8))
        #expect(try scene.folder.contents()["out/a"] == nil)
    }
}
