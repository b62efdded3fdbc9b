import Archiving
import DurableStorage
import Foundation
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@Suite struct VerifyingTests {
    let folder: TemporaryFolder
    let tree: FilePath
    let listing: TreeListing

    init() throws {
        folder = try TemporaryFolder()
        tree = try folder.make(Sample.everything)
        listing = try TreePacker().list(tree)
    }

    private func differences() throws -> [String] {
        try TreeVerifier().verify(tree, against: listing).map { "\($0.path): \($0.kind.rawValue)" }
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(tree.string)/\(name)")
    }

    @Test func theListedTreeHasNoDifference() throws {
        #expect(try differences() == [])
        #expect(try TreeVerifier(workers: 7).verify(tree, against: listing) == [])
    }

    @Test func everyKindOfDifferenceIsReportedInOrder() throws {
        try remove("a/b/file")
        try folder.make([
            .file("a/b/more", "extra"), .file("-dash", "dush"), .file("a.b", "longer than it was"),
            .file("run me.sh", "#!/bin/sh\n", executable: false),
        ])
        try remove("down")
        try folder.make([.link("down", to: "a/c")])
        try remove("empty")
        try folder.make([.folder("empty")])
        #expect(chmod(tree.appending("sub").string, 0o700) == 0)
        #expect(chmod(tree.string, 0o711) == 0)
        #expect(
            try differences() == [
                "-dash: content", ".: mode", "a.b: size", "a/b/file: missing", "a/b/more: extra", "down: link",
                "empty: type", "run me.sh: mode", "sub: mode",
            ])
    }

    @Test func aFileWithAnotherModeAndContentIsReportedForBoth() throws {
        try folder.make([.file("-dash", "dush", executable: true)])
        #expect(try differences() == ["-dash: content", "-dash: mode"])
    }

    @Test func aSetUidBitIsADifference() throws {
        #expect(chmod(tree.appending("run me.sh").string, 0o4755) == 0)
        let found = try TreeVerifier().verify(tree, against: listing)
        #expect(found.map(\.description) == ["run me.sh: mode (found 04755, expected 0755)"])
    }

    @Test func aLinkInThePlaceOfAFileOrFolderIsNotFollowed() throws {
        try FileManager.default.moveItem(atPath: "\(tree.string)/a-b", toPath: folder.path("a-b").string)
        try FileManager.default.moveItem(atPath: "\(tree.string)/a", toPath: folder.path("a").string)
        try folder.make([.link("a-b", to: "../a-b"), .link("a", to: "../a")])
        #expect(try differences() == ["a: type", "a-b: type", "a/b: missing", "a/b/file: missing"])
    }

    @Test func aFIFOInThePlaceOfAFileDoesNotHoldUs() throws {
        try remove("-dash")
        #expect(mkfifo(tree.appending("-dash").string, 0o644) == 0)
        #expect(try differences() == ["-dash: type"])
    }

    @Test func aNameThatIsNotTextIsExtra() throws {
        try folder.touch([0xff], in: tree)
        defer { folder.untouch([0xff], in: tree) }
        let found = try TreeVerifier().verify(tree, against: listing)
        #expect(found.map(\.path) == [ByteString([0xff])])
        #expect(found.map(\.kind) == [.extra])
    }

    @Test func aTreeReachedByALinkIsVerified() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("current").string, withDestinationPath: "tree")
        #expect(try TreeVerifier().verify(folder.path("current"), against: listing) == [])
    }

    @Test func aTreeThatIsNotThereIsALocalFault() throws {
        let fault = #expect(throws: StorageFault.self) {
            try TreeVerifier().verify(folder.path("nowhere"), against: listing)
        }
        #expect(fault?.code == .notFound)
    }
}
