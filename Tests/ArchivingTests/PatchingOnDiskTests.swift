import Archiving
import DurableStorage
import Foundation
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite struct PatchingOnDiskTests {
    let folder: TemporaryFolder
    let old: FilePath
    let oldListing: TreeListing

    static let changed: [Sample] = [
        .folder("a"), .folder("a/b"), .file("a/b/file", "hello again"), .file("a-b", "between", executable: true),
        .file("nfc-\u{e9}", "composed"), .file("nfd-e\u{301}", "decomposed, and more"), .link("down", to: "a/b"),
        .link("new link", to: "a"), .folder("moved"),
        .file("moved/large", String(repeating: "0123456789abcdef", count: 40_000)),
    ]

    init() throws {
        folder = try TemporaryFolder()
        old = try folder.make(Sample.everything, in: "old")
        oldListing = try TreePacker().list(old)
    }

    private func makePatch(to samples: [Sample]) async throws -> TreeListing {
        let new = try folder.make(samples, in: "new")
        let listing = try TreePacker().list(new)
        let patch = try await PatchEncoder(packer: PatchCompression()).encode(
            from: oldListing, TreeFiles(old), to: listing, TreeFiles(new))
        try folder.write(patch.bytes, to: "x.patch")
        return listing
    }

    private func apply(_ expected: TreeListing, storage: DurableStorage = DurableStorage()) throws -> TreeListing {
        try TreePatcher().apply(
            folder.path("x.patch"), to: old, listing: oldListing, expected: expected.digest, into: folder.path("out"),
            storage: storage)
    }

    private func expectTheOldTreeIsAsItWas() throws {
        #expect(try TreeVerifier().verify(old, against: oldListing) == [])
    }

    @Test func everyAllowedKindOfEntryComesOutAsItWas() async throws {
        let listing = try await makePatch(to: Self.changed)
        #expect(try apply(listing) == listing)
        #expect(try TreeVerifier().verify(folder.path("out"), against: listing) == [])
        try expectTheOldTreeIsAsItWas()
    }

    @Test func whatStandsThereAlreadyIsLeftAlone() async throws {
        let listing = try await makePatch(to: Self.changed)
        try folder.write("mine", to: "out/file")
        #expect(throws: StorageFault.self) { try apply(listing) }
        #expect(try folder.read("out/file") == Array("mine".utf8))
    }

    @Test func anOldFileThatWasChangedIsFoundAndNothingIsLeft() async throws {
        let listing = try await makePatch(to: Self.changed)
        for (name, text) in [("large", String(repeating: "0123456789abcdeX", count: 40_000)), ("large", "short")] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: old.string + "/" + name))
            #expect(throws: PatchFault.self) { try apply(listing) }
            #expect(try DurableStorage().info(folder.path("out")) == nil)
        }
    }

    @Test func aFolderOfTheOldTreeThatBecameALinkIsNotFollowed() async throws {
        let listing = try await makePatch(to: Self.changed)
        let manager = FileManager.default
        try manager.moveItem(atPath: old.string + "/a", toPath: folder.path("elsewhere").string)
        try manager.createSymbolicLink(atPath: old.string + "/a", withDestinationPath: folder.path("elsewhere").string)
        #expect(throws: StorageFault.self) { try apply(listing) }
        #expect(try DurableStorage().info(folder.path("out")) == nil)
    }

    @Test func whateverWriteFailsNothingIsLeft() async throws {
        let listing = try await makePatch(to: Self.changed)
        let observer = try FaultyStorage(.observe)
        _ = try apply(listing, storage: observer.storage)
        try DurableStorage().removeTree(folder.path("out"))
        for effect in observer.effects.indices {
            let faulty = try FaultyStorage(.fail(at: effect + 1, .full))
            #expect(throws: StorageFault.self) { try apply(listing, storage: faulty.storage) }
            #expect(try DurableStorage().info(folder.path("out")) == nil)
        }
        try expectTheOldTreeIsAsItWas()
    }

    /// So many that they are copied on a second core: more than 32 of them.
    private func makeManyFiles() async throws -> (old: FilePath, listing: TreeListing, new: TreeListing) {
        let same = (0..<200).map { Sample.file("same/\($0)", "unchanged \($0)", executable: $0 % 7 == 0) }
        let many = try folder.make([.folder("same")] + same + [.file("text", "before")], in: "many")
        let new = try folder.make([.folder("same")] + same + [.file("text", "after")], in: "many-new")
        let (listing, newListing) = (try TreePacker().list(many), try TreePacker().list(new))
        let patch = try await PatchEncoder(packer: PatchCompression()).encode(
            from: listing, TreeFiles(many), to: newListing, TreeFiles(new))
        try folder.write(patch.bytes, to: "many.patch")
        return (many, listing, newListing)
    }

    @Test func manyUnchangedFilesAreCopiedWithTheirModes() async throws {
        let (many, listing, new) = try await makeManyFiles()
        let made = try TreePatcher().apply(
            folder.path("many.patch"), to: many, listing: listing, expected: new.digest, into: folder.path("out"),
            storage: DurableStorage())
        #expect(made == new)
        #expect(try TreeVerifier().verify(folder.path("out"), against: new) == [])
    }

    @Test(arguments: [0, 100, 199])
    func oneOfManyFilesThatWasChangedIsFoundAndNothingIsLeft(_ index: Int) async throws {
        let (many, listing, new) = try await makeManyFiles()
        try Data("unchangeX \(index)".utf8).write(to: URL(fileURLWithPath: many.string + "/same/\(index)"))
        #expect(throws: PatchFault.self) {
            try TreePatcher().apply(
                folder.path("many.patch"), to: many, listing: listing, expected: new.digest, into: folder.path("out"),
                storage: DurableStorage())
        }
        #expect(try DurableStorage().info(folder.path("out")) == nil)
    }

    @Test func aCrashWhileManyFilesAreCopiedWritesNothingMore() async throws {
        let (many, listing, new) = try await makeManyFiles()
        for effect in [2, 40, 120, 203] {
            let faulty = try FaultyStorage(.crash(at: effect, losing: .nothing))
            #expect(throws: StorageFault.self) {
                try TreePatcher().apply(
                    folder.path("many.patch"), to: many, listing: listing, expected: new.digest,
                    into: folder.path("out"), storage: faulty.storage)
            }
            #expect(faulty.effects.count == effect)
            let files = try TreePacker().list(folder.path("out")).fileCount
            #expect(files < effect)
            try DurableStorage().removeTree(folder.path("out"))
        }
    }
}
