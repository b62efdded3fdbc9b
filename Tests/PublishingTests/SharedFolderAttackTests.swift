import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

/// What somebody tries who can push anything into the shared repository, and holds one key of three at most.
@Suite struct `In a folder that others write to` {
    // MARK: a publication that nobody decided upon

    struct Planted: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let name: String
        /// What of `Releases/metadata` is planted under this name; nil: plain text.
        var copyOf: String?
    }

    static let planted = [
        Planted(testDescription: "a page", name: "index.html"),
        Planted(testDescription: "a root that nobody signed", name: "7.root.json", copyOf: "1.root.json"),
        Planted(
            testDescription: "a channel's next version", name: "2.suite-stable.json", copyOf: "1.suite-stable.json"),
        Planted(testDescription: "a role that nobody knows", name: "1.mallory.json", copyOf: "1.suite-stable.json"),
        Planted(testDescription: "an old snapshot", name: "9.snapshot.json", copyOf: "1.snapshot.json"),
    ]

    /// With the live timestamp beside it every client would be content.
    @Test(arguments: planted) func `a planted publication puts nothing live:`(_ row: Planted) throws {
        let association = try Association.releasedCopy()
        let live = "w/Releases/metadata"
        let timestamp = try #require(try association.folder.read("\(live)/timestamp.json"))
        try association.folder.write(timestamp, to: "w/Staged/publication/timestamp.json")
        let bytes = try row.copyOf.flatMap { try association.folder.read("\(live)/\($0)") } ?? Array("hello".utf8)
        try association.folder.write(bytes, to: "w/Staged/publication/\(row.name)")
        let before = try association.published()
        #expect(throws: (any Error).self) { try association.publish() }
        #expect(try association.published() == before)
    }

    @Test func `a planted publication rewrites nothing that is live`() throws {
        var association = try Association.releasedCopy()
        association.now += 86400
        try association.release("2.0")
        let live = "w/Releases/metadata"
        for name in ["timestamp.json", "2.snapshot.json"] {
            let bytes = try #require(try association.folder.read("\(live)/\(name)"))
            try association.folder.write(bytes, to: "w/Staged/publication/\(name)")
        }
        try association.folder.write("{}", to: "w/Staged/publication/1.suite-stable.json")
        let before = try association.published()
        #expect(throws: (any Error).self) { try association.publish() }
        #expect(try association.published() == before)
    }

    // MARK: links

    static let links = [
        "Keys/mallory.pub", "Keys/policy.yaml", "Staged/publication", "Staged/metadata", "Staged/signatures",
        "Staged/signatures/2.suite-stable", "Staged/signatures/2.suite-stable/alice.json", "Staged/targets/suite",
    ]

    /// A link could lead a reader to a secret, and a writer to other people's files.
    @Test(arguments: links) func `a link is not followed:`(_ name: String) throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        let path = association.folder.path("w/\(name)")
        let elsewhere = association.folder.path("elsewhere")
        let files = FileManager.default
        try files.createDirectory(atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        if files.fileExists(atPath: path.string) {
            try files.moveItem(atPath: path.string, toPath: elsewhere.string)
        } else {
            try files.createDirectory(atPath: elsewhere.string, withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(atPath: path.string, withDestinationPath: elsewhere.string)
        let before = try association.files(below: ".")
        for attempt in [
            { try association.workspace.check() }, { try association.publish() },
            { try SigningPayload.write(association.workspace, to: association.folder.path("payload")) },
        ] as [() throws -> Any] {
            let fault = #expect(throws: PublishingFault.self) { _ = try attempt() }
            #expect(fault?.code == .linkInWorkspace)
        }
        #expect(try association.files(below: ".") == before)
    }

    @Test func `a payload writes nothing outside of its folder`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        let content = Array("0123".utf8)
        let digest = Digest.sha256(of: content)
        // Where the climbing path leads to from the workspace.
        try association.folder.write(content, to: "out/\(digest.hex).x")
        try association.editStaged("2.suite-stable.json") { signed in
            signed[path: "targets"]["../../../out/x"] = [
                "length": 4, "hashes": ["sha256": .string(ByteString(digest.hex))],
            ]
        }
        let deep = association.folder.path("deep/er/payload")
        try SigningPayload.write(association.workspace, to: deep)
        #expect(try DurableStorage().info(association.folder.path("deep/er/out")) == nil)
    }

    // MARK: signatures

    /// `aaa.json` comes before `alice.json`, and claims to be hers.
    @Test func `a forged signature does not keep a good one from being counted`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("alice")
        let path = try association.staged("alice.json")
        let good = try StagedSignature.decode(#require(try association.folder.read(path)), at: path)
        for name in ["aaa", "zzz"] {
            let forged = StagedSignature(
                keyID: good.keyID, role: good.role, version: good.version, signed: good.signed,
                signature: [UInt8](repeating: 7, count: 64))
            try association.folder.write(
                forged.encoded, to: path.replacingOccurrences(of: "alice.json", with: "\(name).json"))
        }
        let role = try #require(try association.review().roles.first)
        #expect(role.signed == ["alice"])
        #expect(role.canSign == ["bob", "carol"])
        #expect(role.problems.count == 2)
        try association.sign("bob")
        #expect(try association.publish())
    }

    // MARK: what the online key signs

    /// The online key would otherwise sign for somebody who does not hold it.
    @Test(arguments: [0, 20 * 86400]) func `refresh signs nothing that is made from forged metadata`(
        _ later: Int
    ) throws {
        var association = try Association.releasedCopy()
        association.now += TimeInterval(later)
        for name in ["timestamp.json", "1.snapshot.json"] {
            let path = "w/Releases/metadata/\(name)"
            guard case .object(var file) = try JSONValue.decode(#require(try association.folder.read(path))),
                case .object(var signed)? = file["signed"]
            else { return }
            if name == "timestamp.json" { signed["version"] = .integer(1 << 50) } else { signed["x-added"] = 1 }
            file["signed"] = .object(signed)
            try association.folder.write(JSONValue.object(file).fileEncoding, to: path)
        }
        let before = try association.published()
        let fault = #expect(throws: PublishingFault.self) { try association.refresh() }
        #expect(fault?.code == .untrustedPublication)
        #expect(try association.published() == before)
    }
}
