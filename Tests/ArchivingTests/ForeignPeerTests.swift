import Archiving
import DurableStorage
import Foundation
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

/// Tools of others read what we write.
@Suite struct ForeignPeerTests {
    let folder: TemporaryFolder
    let packed: PackedTree

    init() throws {
        folder = try TemporaryFolder()
        let tree = try folder.make(Sample.everything)
        packed = try TreePacker().pack(tree, to: folder.path("x.tar.zst"), storage: DurableStorage())
        try folder.write(packed.listing.encoding, to: "tree.mtree")
        try folder.make([], in: "out")
    }

    /// Runs a tool of the system; one that is not there is a failure that says what to install.
    private func run(_ tool: String, from package: String, _ arguments: [String]) throws -> (Int32, String) {
        let places = ["/usr/bin/\(tool)", "/usr/sbin/\(tool)", "/bin/\(tool)"]
        let found = places.first(where: FileManager.default.isExecutableFile(atPath:))
        let path = try #require(found, "\(tool) is missing: install the Debian package \(package), or run make test")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func extractWithTar(_ tool: String, from package: String, _ more: [String] = []) throws {
        let (status, output) = try run(
            tool, from: package, ["-xpf", folder.path("x.tar.zst").string, "-C", folder.path("out").string] + more)
        #expect(status == 0, "\(output)")
        #expect(try TreeVerifier().verify(folder.path("out"), against: packed.listing) == [])
    }

    @Test func bsdtarUnpacksOurArchiveToTheListedTree() throws {
        try extractWithTar("bsdtar", from: "libarchive-tools")
    }

    @Test func mtreeAcceptsTheTreeAndReportsAChangedFile() throws {
        try TreeExtractor().extract(
            folder.path("x.tar.zst"), expectedDigest: packed.sha256, listing: packed.listing,
            into: folder.path("installed"), storage: DurableStorage())
        let arguments = ["-p", folder.path("installed").string, "-f", folder.path("tree.mtree").string]
        let (status, output) = try run("mtree", from: "mtree-netbsd", arguments)
        #expect(status == 0, "\(output)")
        #expect(output == "")

        try folder.make([.file("*?[x]{y}", "PATTERN")], in: "installed")
        let (changed, report) = try run("mtree", from: "mtree-netbsd", arguments)
        #expect(changed == 2)
        #expect(report.contains("sha256"), "\(report)")
    }

    @Test func mtreeReportsEachKindOfDifference() throws {
        let arguments = ["-p", folder.path("tree").string, "-f", folder.path("tree.mtree").string]
        for change in ["rm 'a/b/file'", "touch extra", "chmod 700 'run me.sh'", "ln -sfn a down", "echo >> a-b"] {
            let (before, output) = try run("mtree", from: "mtree-netbsd", arguments)
            #expect(before == 0 && output == "", "\(output)")
            _ = try run("sh", from: "dash", ["-c", "cd '\(folder.path("tree"))' && \(change)"])
            // Its exit status stays 0 for what is missing or extra: its words have to be read.
            #expect(try run("mtree", from: "mtree-netbsd", arguments).1 != "", "\(change)")
            _ = try run(
                "sh", from: "dash",
                ["-c", "cd '\(folder.path)' && rm -r tree && mkdir -m 755 tree && bsdtar -xpf x.tar.zst -C tree"])
        }
    }

    /// libarchive reads our listing as the same tree that it reads from our archive.
    @Test func libarchiveReadsTheListingAsItReadsTheArchive() throws {
        let options = [
            "-cf", "-", "--format=mtree", "--options=mtree:!all,mtree:type,mtree:mode,mtree:size,mtree:link",
        ]
        func normalised(_ file: String) throws -> [String] {
            let (status, output) = try run("bsdtar", from: "libarchive-tools", options + ["@\(folder.path(file))"])
            #expect(status == 0, "\(output)")
            return output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(". ") && !$0.hasPrefix("#") }
                .sorted()
        }
        let listing = try normalised("tree.mtree")
        #expect(listing.count == packed.listing.entries.count)
        #expect(try listing == normalised("x.tar.zst"))
    }
}
