import Archiving
import DurableStorage
import Foundation
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite struct FullDiskTests {
    static func archive() throws -> [UInt8] { try RawTar.compress(RawTar.bytes(HostileArchiveTests.honest)) }

    /// Folder, five entries, sync.
    static let effects = 7

    @Test(arguments: 1...effects)
    func aDiskThatIsFullAtAnyEffectLeavesNothing(_ effect: Int) throws {
        let scene = try Scene(Self.archive())
        let faulty = try FaultyStorage(.fail(at: effect, .full))
        let fault = scene.extract(storage: faulty.storage)
        #expect(fault?.codeText == "storage/full")
        #expect(fault?.family == .local)
        try scene.expectNothingHappened()
        // Room again: it works.
        #expect(scene.extract() == nil)
        #expect(try TreeVerifier().verify(scene.target, against: scene.listing) == [])
    }

    @Test func thereAreAsManyEffectsAsWeTry() throws {
        let scene = try Scene(Self.archive())
        let observer = try FaultyStorage(.observe)
        #expect(scene.extract(storage: observer.storage) == nil)
        #expect(observer.effects.count == Self.effects)
        #expect(observer.effects.last == .syncFileSystem(scene.target))
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func aPackedArchiveIsWholeOrNotThereAfterAnyStop(_ loss: FaultyStorage.Loss) throws {
        try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            let tree = try folder.make([.file("a", "text")])
            _ = try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: storage)
        } afterwards: { folder, stop, finished in
            let bytes = try folder.read("x.tar.zst")
            if finished { #expect(bytes != nil) }
            guard let bytes else { return }
            let listing = try TreePacker().list(folder.path("tree"))
            try TreeExtractor().extract(
                folder.path("x.tar.zst"), expectedDigest: .sha256(of: bytes), listing: listing,
                into: folder.path("out"), storage: DurableStorage())
        }
    }

    /// A real file system without room. Needs root to mount it, so only `make test` in a container or as root runs it.
    @Test(.enabled(if: Self.canMount(), "needs the right to mount a small file system"))
    func aFileSystemWithoutRoomLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let tree = try folder.make([.file("a", String(repeating: "0123456789abcdef", count: 20_000))])
        let packed = try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: DurableStorage())
        let small = try folder.make([], in: "small")
        try #require(mount("tmpfs", small.string, "tmpfs", 0, "size=64k") == 0)
        defer { umount2(small.string, Int32(MNT_DETACH)) }
        let fault = #expect(throws: StorageFault.self) {
            try TreeExtractor().extract(
                folder.path("x.tar.zst"), expectedDigest: packed.sha256, listing: packed.listing,
                into: small.appending("out"), storage: DurableStorage())
        }
        #expect(fault?.code == .full)
        #expect(try DurableStorage().list(small) == [])
    }

    /// A container may forbid it even to root.
    static func canMount() -> Bool {
        guard let folder = try? TemporaryFolder(), mount("tmpfs", folder.path.string, "tmpfs", 0, "size=64k") == 0
        else {
            return false
        }
        return umount2(folder.path.string, Int32(MNT_DETACH)) == 0
    }
}
