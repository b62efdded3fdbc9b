import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import Testing

@Suite struct ReleaseManifestTests {
    static func manifest() throws -> ReleaseManifest {
        let listing = try TreeListing(TreeListingTests.sample)
        return ReleaseManifest(
            product: try ProductName("mail-suite"), channel: try ChannelName("stable"), version: try Version("2.12.0"),
            time: Date(timeIntervalSince1970: 1_795_000_000), severity: .important, tree: .init(listing),
            archive: .init(sha256: .sha256(of: [1]), bytes: 1234))
    }

    static func full() throws -> ReleaseManifest {
        var manifest = try manifest()
        manifest.summary = "Répare tout"
        manifest.advisories = [try AdvisoryID("CVE-2026-1234")]
        manifest.notes = try ReleaseFileName("notes.md")
        manifest.patches = [
            .init(
                fromVersion: try Version("2.11.1"), fromTree: .sha256(of: [2]),
                file: try ReleaseFileName("2.11.1-to-2.12.0.patch"), sha256: .sha256(of: [3]), bytes: 5)
        ]
        manifest.install = try InstallSectionTests.full()
        manifest.updateFrom = try Version("2.0")
        manifest.rollout = try Rollout(
            start: manifest.time, steps: [.init(hours: 0, perMille: 50), .init(hours: 48, perMille: 1000)])
        manifest.minimumAgentVersion = try Version("1.0")
        manifest.attachments = [try ReleaseFileName("sbom.spdx.json")]
        manifest.hasMinisig = true
        manifest.hasSums = true
        manifest.extensions = ["example.org/x": true]
        return manifest
    }

    @Test func comesBackAsItWas() throws {
        for manifest in [try Self.manifest(), try Self.full()] {
            #expect(try ReleaseManifest.decode(manifest.encode()) == manifest)
        }
        #expect(
            try Self.full().files.map(\.description) == [
                "release.json", "mail-suite-2.12.0.tar.zst", "tree.mtree", "notes.md", "CVE-2026-1234.json",
                "2.11.1-to-2.12.0.patch", "sbom.spdx.json", "mail-suite-2.12.0.tar.zst.minisig", "SHA256SUMS",
            ])
    }

    @Test func namesWhatIsForEveryoneWithoutTheseToolsOnlyWhenItIsThere() throws {
        let (without, with) = (try Self.manifest(), try Self.full())
        let text = String(decoding: try without.encode(), as: UTF8.self)
        #expect(!text.contains("minisig"))
        #expect(!text.contains("SHA256SUMS"))
        #expect(
            with.minisigComment.description
                == "product:mail-suite version:2.12.0 channel:stable time:2026-11-18T11:06:40Z "
                + "file:mail-suite-2.12.0.tar.zst")
        let files = try [("b", [1]), ("a-2", [2]), ("a", [3]), ("B", [4])].map { name, bytes in
            (name: try ReleaseFileName(ByteString(name)), digest: Digest.sha256(of: bytes))
        }
        let expected = [("B", 4), ("a", 3), ("a-2", 2), ("b", 1)].map { name, byte in
            "\(Digest.sha256(of: [UInt8(byte)]))  \(name)\n"
        }
        #expect(String(decoding: ReleaseSums.encode(files), as: UTF8.self) == expected.joined())
    }

    private func refuse(_ field: ByteString, _ value: JSONValue?) throws -> String? {
        guard case .object(var object) = try JSONValue.decode(Self.full().encode()) else { return nil }
        object[field] = value
        do { _ = try ReleaseManifest.decode(JSONValue.object(object).fileEncoding) } catch {
            return (error as? any ReportableFault)?.codeText
        }
        return nil
    }

    @Test(
        arguments: [
            ("format", "sceau-release/2", "release/unsupported-format"), ("format", nil, "json/missing-field"),
            ("product", "Mail", "release/invalid-name"), ("product", "../x", "release/invalid-name"),
            ("channel", "-beta", "release/invalid-name"), ("version", "../1", "release/invalid-version"),
            ("time", "2026-11-23T20:00:00.5Z", "json/invalid-value"), ("time", "2026-11-23", "json/invalid-value"),
            ("severity", "high", "release/invalid-name"), ("summary", nil, "json/missing-field"),
            ("notes", "a/b", "release/invalid-name"), ("notes", "tree.mtree", "release/duplicate-file"),
            ("attachments", ["notes.md"], "release/duplicate-file"),
            ("attachments", [".hidden"], "release/invalid-name"),
            ("attachments", ["SHA256SUMS"], "release/duplicate-file"),
            ("attachments", ["mail-suite-2.12.0.tar.zst.minisig"], "release/duplicate-file"),
            ("sums", "MD5SUMS", "json/invalid-value"), ("sums", true, "json/wrong-type"),
            (
                "archive",
                [
                    "bytes": 1234, "file": "mail-suite-2.12.0.tar.zst", "minisig": "other.minisig",
                    "sha256": .string(ByteString(Digest.sha256(of: [1]).hex)),
                ],
                "json/invalid-value"
            ),
            ("advisories", ["a", "a"], "release/duplicate-file"), ("advisories", ["a/b"], "release/invalid-name"),
            ("unknown", true, "release/unknown-field"), ("extensions", [:], "release/not-canonical"),
            ("version", "2.12.1", "json/invalid-value"), ("install", [], "json/wrong-type"),
            ("update_from", "x", "release/invalid-version"), ("update_from", "", "release/invalid-version"),
            ("rollout", [:], "json/missing-field"), ("rollout", true, "json/wrong-type"),
            ("rollout", ["start": "2026-11-18T11:06:40Z", "steps": []], "release/invalid-rollout"),
            (
                "rollout",
                ["start": "2026-11-18T11:06:40Z", "steps": [["hours": 0, "per_mille": 1000, "who": "alice"]]],
                "release/not-canonical"
            ),
            ("patches", [["from_version": "1"]], "json/missing-field"),
            (
                "tree",
                ["bytes": 1, "files": 1, "listing": "other", "sha256": .string(ByteString(Digest.sha256(of: []).hex))],
                "release/not-canonical"
            ),
            (
                "tree",
                [
                    "bytes": 1, "files": -1, "listing": "tree.mtree",
                    "sha256": .string(ByteString(Digest.sha256(of: []).hex)),
                ],
                "json/invalid-value"
            ),
        ] as [(ByteString, JSONValue?, String)])
    func aWrongFieldIsRefused(_ field: ByteString, _ value: JSONValue?, _ code: String) throws {
        #expect(try refuse(field, value) == code)
    }

    @Test func anotherTextOfTheSameValueIsRefused() throws {
        let bytes = try Self.full().encode()
        for other in [bytes + [0x0a], Array(bytes.dropLast()), [0x20] + bytes] {
            #expect(throws: ReleaseFault(.notCanonical, at: "release.json")) { try ReleaseManifest.decode(other) }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << (index % 8)
            if let other = try? ReleaseManifest.decode(changed) { #expect(try other.encode() == changed) }
        }
    }

    @Test func limitsHold() throws {
        var manifest = try Self.manifest()
        manifest.summary = ByteString([UInt8](repeating: 0x61, count: ReleaseLimits.summaryBytes + 1))
        #expect(throws: ReleaseFault.self) { try manifest.encode() }
        manifest.summary = ""
        manifest.attachments = try (0...ReleaseLimits.attachments).map { try ReleaseFileName(ByteString("file\($0)")) }
        #expect(throws: ReleaseFault.self) { try manifest.encode() }
        manifest.attachments = []
        manifest.install.pre = .init([ByteString([UInt8](repeating: 0x61, count: 1001))], seconds: 1)
        #expect(throws: ReleaseFault.self) { try manifest.encode() }
        #expect(throws: JSONFault.self) {
            try ReleaseManifest.decode([UInt8](repeating: 0x20, count: ReleaseLimits.manifestBytes + 1))
        }
    }

    @Test func factsAreReadFromCustomAndOthersAreLeftAlone() throws {
        let facts = try Self.manifest().facts
        #expect(try ReleaseFacts.decode(facts.encode()) == facts)
        #expect(
            ByteString(facts.encode().lineEncoding)
                == "{\"sceau\":{\"severity\":\"important\",\"time\":\"2026-11-18T11:06:40Z\",\"version\":\"2.12.0\"}}")
        guard case .object(var custom) = facts.encode() else { return }
        custom["other"] = 7
        #expect(try ReleaseFacts.decode(.object(custom)) == facts)
        let full = try Self.full().facts
        #expect(full.updateFrom != nil)
        #expect(full.rollout != nil)
        #expect(try ReleaseFacts.decode(full.encode()) == full)
        #expect(full.asReleased == full)
        #expect(throws: JSONFault.self) { try ReleaseFacts.decode([:]) }
        #expect(throws: JSONFault.self) { try ReleaseFacts.decode(["sceau": ["version": "1"]]) }
    }

    @Test func pathsAreWhatMetadataAndServerUse() throws {
        let paths = try Self.manifest().paths
        let version = try Version("2.12.0")
        #expect(paths.role == "mail-suite-stable")
        #expect(paths.pattern == "mail-suite/stable/*/*")
        #expect(paths.manifest(version) == "mail-suite/stable/2.12.0/release.json")
        #expect(paths.listing(version) == "mail-suite/stable/2.12.0/tree.mtree")
        #expect(paths.archive(version) == "mail-suite/stable/2.12.0/mail-suite-2.12.0.tar.zst")
        let digest = Digest.sha256(of: [])
        #expect(
            ReleasePaths.stored(paths.manifest(version), sha256: digest)
                == ByteString("mail-suite/stable/2.12.0/\(digest).release.json"))
        #expect(ReleasePaths.stored("file", sha256: digest) == ByteString("\(digest).file"))
        #expect(paths.split("mail-suite/stable/2.12.0/notes.md")?.file.description == "notes.md")
        for other: ByteString in [
            "mail-suite/beta/2.12.0/notes.md", "mail-suite/stable/2.12.0", "mail-suite/stable/x/notes.md",
            "mail-suite/stable/2.12.0/../notes.md", "mail-suite/stable/2.12.0/.x", "/mail-suite/stable/2.12.0/a", "",
        ] {
            #expect(paths.split(other) == nil)
        }
    }

    @Test(arguments: ["", "-a", "A", "a_b", "a.b", "é", "a/b", String(repeating: "a", count: 33)])
    func aLabelIsShortAndPlain(_ text: String) throws {
        #expect(throws: ReleaseFault.self) { try ProductName(ByteString(text)) }
        #expect(throws: ReleaseFault.self) { try ChannelName(ByteString(text)) }
        #expect(try ProductName("0-mail-suite").description == "0-mail-suite")
    }
}
