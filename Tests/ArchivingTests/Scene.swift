import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing

/// A folder with an archive, things beside it that must not change, and the listing that was signed.
struct Scene {
    let folder: TemporaryFolder
    let listing: TreeListing
    private let bytes: [UInt8]
    private let before: [String: FileInfo]

    init(_ bytes: [UInt8], _ entries: [TreeEntry] = HostileArchiveTests.entries) throws {
        folder = try TemporaryFolder()
        listing = try TreeListing(entries)
        self.bytes = bytes
        try folder.write("untouched", to: "victim")
        try folder.write(bytes, to: "archive.tar.zst")
        before = try folder.contents()
    }

    var target: FilePath { folder.path("out") }

    /// The fault, or nil when the archive was accepted. Without a digest, the archive is the signed one.
    func extract(_ digest: Digest? = nil, storage: DurableStorage = DurableStorage()) -> (any ReportableFault)? {
        do {
            try TreeExtractor().extract(
                folder.path("archive.tar.zst"), expectedDigest: digest ?? .sha256(of: bytes), listing: listing,
                into: target, storage: storage)
            return nil
        } catch {
            if error as? any ReportableFault == nil { Issue.record("untyped: \(error)") }
            return error as? any ReportableFault
        }
    }

    /// Like `extract`, but only reads.
    func check() -> (any ReportableFault)? {
        do {
            try TreeExtractor().check(
                folder.path("archive.tar.zst"), expectedDigest: .sha256(of: bytes), listing: listing)
            return nil
        } catch { return error as? any ReportableFault }
    }

    func expectNothingHappened(_ location: SourceLocation = #_sourceLocation) throws {
        #expect(try folder.contents() == before, sourceLocation: location)
        #expect(try folder.read("victim") == Array("untouched".utf8), sourceLocation: location)
        let stray = try DurableStorage().info("/tmp/sceau-victim")
        #expect(stray == nil, sourceLocation: location)
    }
}
