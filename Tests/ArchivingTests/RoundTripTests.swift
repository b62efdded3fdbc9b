import Archiving
import DurableStorage
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@Suite struct RoundTripTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func everyAllowedKindOfEntryComesBackAsItWas() throws {
        let tree = try folder.make(Sample.everything)
        let packed = try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: DurableStorage())
        #expect(packed.listing.entries.count == Sample.everything.count)
        try TreeExtractor().extract(
            folder.path("x.tar.zst"), expectedDigest: packed.sha256, listing: packed.listing,
            into: folder.path("out"), storage: DurableStorage())
        #expect(try TreeVerifier().verify(folder.path("out"), against: packed.listing) == [])
        #expect(try TreePacker().list(folder.path("out")) == packed.listing)
        #expect(try folder.read("x.tar.zst")?.count == packed.bytes)
    }

    @Test func anEmptyTreeIsATree() throws {
        let tree = try folder.make([])
        let packed = try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: DurableStorage())
        try TreeExtractor().extract(
            folder.path("x.tar.zst"), expectedDigest: packed.sha256, listing: packed.listing,
            into: folder.path("out"), storage: DurableStorage())
        #expect(try folder.contents()["out"]?.kind == .directory)
        #expect(try TreeVerifier().verify(folder.path("out"), against: packed.listing) == [])
    }
}
