import Archiving
import Auditing
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite("Targets with one defect")
struct TargetDefectTests {
    @Test("in the files", arguments: files)
    func inFiles(_ defect: Defect) throws { try defect.check() }

    @Test("in a release", arguments: releases)
    func inReleases(_ defect: Defect) throws { try defect.check() }

    static let archive = "suite-1.0.tar.zst"

    static let files: [Defect] =
        [archive, "tree.mtree", "release.json"].flatMap { file -> [Defect] in
            [
                .after("\(file) with one byte changed") { published in
                    var bytes = try published.read(published.stored("1.0", file))
                    bytes[bytes.count / 2] ^= 1
                    try published.replace(published.stored("1.0", file), with: bytes)
                } finds: { published in
                    [(.wrongHash, published.stored("1.0", file))]
                },
                .after("\(file) with one byte more") { published in
                    let bytes = try published.read(published.stored("1.0", file))
                    try published.replace(published.stored("1.0", file), with: bytes + [0])
                } finds: { published in
                    [(.wrongLength, published.stored("1.0", file))]
                },
                .after("\(file) that is gone") {
                    try $0.remove($0.stored("1.0", file))
                } finds: { published in
                    [(.missing, published.stored("1.0", file))]
                },
                .after("\(file) that is a link to the right bytes") { published in
                    let name = published.stored("1.0", file)
                    let elsewhere = try published.folder.write(published.read(name), to: "elsewhere")
                    try published.remove(name)
                    try DurableStorage().replaceLink(at: published.published(name), target: elsewhere.string)
                } finds: { published in
                    [(.notARegularFile, published.stored("1.0", file))]
                },
            ]
        } + [
            .after("a file that nothing names") { published in
                try published.replace("targets/suite/stable/1.0/secret.tar.zst", with: [1])
            } finds: { _ in
                [(.orphan, "targets/suite/stable/1.0/secret.tar.zst")]
            },
            .after("a hidden file") {
                try $0.replace("targets/suite/.secret", with: [1])
            } finds: { _ in
                [(.hiddenFile, "targets/suite/.secret")]
            },
            .after("a folder that is a link, with all that ought to be in it") { published in
                let moved = published.folder.path("elsewhere")
                try DurableStorage().rename(published.published("targets/suite"), to: moved)
                try DurableStorage().replaceLink(at: published.published("targets/suite"), target: moved.string)
            } finds: { _ in
                [(.notARegularFile, "targets/suite")]
            },
            .during("a target outside what is delegated to the role") { published, state in
                if state == 3 { try published.addTarget("other/file", [1]) }
            } finds: { _ in
                [(.outsideDelegation, "metadata/3.suite-stable.json")]
            },
        ]

    static let releases: [Defect] = [
        lie("another product") { $0.product = try ProductName("other") },
        lie("another channel") { $0.channel = try ChannelName("beta") },
        lie("another version") { $0.version = try Version("9.9") },
        lie("another severity than its metadata") { $0.severity = .none },
        lie("another time than its metadata") { $0.time = PublishedFolder.expires(-1) },
        lie("another digest of the tree") { $0.tree.sha256 = Digest.sha256(of: [1]) },
        lie("another digest of the archive") { $0.archive.sha256 = Digest.sha256(of: [1]) },
        lie("another length of the archive") { $0.archive.bytes += 1 },
        lie("another number of files") { $0.tree.files += 1 },
        lie("another number of bytes") { $0.tree.bytes += 1 },
        lie("an oldest version that its metadata does not") { $0.updateFrom = try Version("1.0") },
        lie("a rollout that its metadata does not") {
            $0.rollout = try Rollout(start: $0.time, steps: [.init(hours: 0, perMille: 1000)])
        },
        lie("a hook that is not in the tree") { $0.install.pre = .init(["hooks/pre"], seconds: 1) },
        lie("a shared path over a part of the tree") { $0.install.shared = ["README"] },
        .during("release.json that names notes which nobody lists") { published, state in
            guard state == 3 else { return }
            try published.addRelease("2.0", bend: { $0.notes = try ReleaseFileName("notes.md") })
        } finds: { _ in
            [(.releaseIncomplete, "targets/suite/stable/2.0/notes.md")]
        },
        .during("a file of a release that release.json does not name") { published, state in
            guard state == 3 else { return }
            try published.addRelease("2.0")
            try published.addTarget("suite/stable/2.0/notes.md", [1])
        } finds: { published in
            [(.manifestDisagrees, published.stored("2.0", "release.json"))]
        },
        .during("a release without release.json") { published, state in
            if state == 3 { try published.addTarget("suite/stable/2.0/tree.mtree", Array("#mtree\n".utf8)) }
        } finds: { published in
            [
                (.releaseIncomplete, "targets/suite/stable/2.0/release.json"),
                (.listingMalformed, published.stored("2.0", "tree.mtree")),
            ]
        },
        .during("release.json in another spelling") { published, state in
            guard state == 3 else { return }
            try published.addRelease("2.0")
            let bytes = try published.read(published.stored("2.0", "release.json"))
            let path: ByteString = "suite/stable/2.0/release.json"
            let custom = published.channel.targets[path]?.custom
            try published.remove(published.stored("2.0", "release.json"))
            try published.addTarget(path, bytes + [0x0A], custom: custom)
        } finds: { published in
            [(.manifestMalformed, published.stored("2.0", "release.json"))]
        },
        .during("an archive that holds another tree than the listing says") { published, state in
            guard state == 3 else { return }
            let other = try published.folder.write("run something else\n", to: "other/bin/run")
            try published.folder.write("This is 2.0.\n", to: "other/README")
            let listing = try TreePacker().list(other.removingLastComponent().removingLastComponent())
            try published.addRelease("2.0", listing: listing)
        } finds: { published in
            [(.archiveDiffers, published.stored("2.0", "suite-2.0.tar.zst"))]
        },
        .during("a release that was made anew with other content") { published, state in
            guard state == 3 else { return }
            try published.addRelease("1.0", tree: ["README": "Nobody need know.\n"])
        } finds: { _ in
            ["release.json", archive, "tree.mtree"].map { (.twoContents, "targets/suite/stable/1.0/\($0)") }
        },
    ]

    /// A release whose release.json says something that is not so: one finding, there.
    private static func lie(
        _ name: String, _ bend: @escaping @Sendable (inout ReleaseManifest) throws -> Void
    ) -> Defect {
        .during("release.json that names \(name)") { published, state in
            if state == 3 { try published.addRelease("2.0", bend: bend) }
        } finds: { published in
            [(.manifestDisagrees, published.stored("2.0", "release.json"))]
        }
    }
}
