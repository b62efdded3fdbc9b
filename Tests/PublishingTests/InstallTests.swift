import Archiving
import CanonicalJSON
import Compression
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing

/// What a release does around the switch, from the maintainer's file until it is published.
@Suite struct `A release with hooks` {
    static let yaml = """
        update_from: 1.0
        rollout: {hours: 48}
        services: [suite.service]
        shared: [data, etc/local.conf]
        pre: {run: [hooks/pre, --all]}
        migrate: {run: hooks/migrate, undo: {run: hooks/unmigrate}}
        health: {run: hooks/health}
        """

    static let lines = [
        "around the switch it restarts suite.service",
        "shared with other releases, outside the tree: data and etc/local.conf",
        "before the switch it runs hooks/pre --all (at most 10 min)",
        "it changes data: hooks/migrate (at most 1 h), and hooks/unmigrate (at most 1 h) changes it back",
        "it is healthy when hooks/health succeeds 2 times in a row within 2 min (tried every 5 s, each at most 10 s)",
        "instances get it within 48 hours, 5 % at once", "instances older than 1.0 take 1.0 first",
    ]

    private static func staged() throws -> Association {
        let association = try Association.releasedCopy()
        try association.addWithHooks("2.0", yaml)
        return association
    }

    @Test func `says so in release.json and beside it, and in words to whoever signs it`() throws {
        let association = try Self.staged()
        let manifest = try StagedRelease(association: association).manifest()
        #expect(manifest.install.pre == .init(["hooks/pre", "--all"], seconds: 600))
        #expect(manifest.updateFrom == (try Version("1.0")))
        let targets = try #require(try Staging.load(association.workspace).roles.first?.targets)
        let facts = try #require(ListedRelease.all(in: targets).last?.facts)
        #expect(facts == manifest.facts)
        #expect(facts.rollout != nil)
        let review = try association.review()
        let details = try #require(review.changes.first).details
        for line in Self.lines { #expect(details.contains(line), "\(details)") }
        #expect(!details.contains { $0.hasPrefix("warning") })
        #expect(!review.isAlarming, "\(review.changes.map(\.sentence))")
    }

    @Test func `is published, and read by agents' code and by python-tuf`() throws {
        let association = try Self.staged()
        try association.sign("alice", "bob")
        #expect(try association.publish())
        #expect(try association.checkWithPythonTUF().targets?.contains { $0.hasSuffix("2.0/release.json") } == true)
    }

    @Test func `says to scripts what it says to people`() throws {
        let change = try #require(try Self.staged().review().changes.first?.report)
        guard case .object(let switching)? = change["switching"] else {
            Issue.record("no switching")
            return
        }
        #expect(switching["compared_with"] == "1.0")
        #expect(switching["update_from"] == "1.0")
        #expect(switching["warnings"] == [])
        guard case .object(let install)? = switching["install"] else { return }
        #expect(install["services"] == ["suite.service"])
    }

    @Test func `that does less than the one before says so where it is added and where it is reviewed`() throws {
        let association = try Self.staged()
        try association.sign("alice", "bob")
        try association.publish()
        let result = try association.addWithHooks("3.0", "services: []")
        let warnings = [
            "suite.service, a service of 2.0, is none any more: instances neither stop nor start it",
            "data, shared in 2.0, is not any more: what instances have there is left aside",
            "etc/local.conf, shared in 2.0, is not any more: what instances have there is left aside",
            "nothing runs before the switch any more; in 2.0 it was hooks/pre --all",
            "the health check of 2.0 is gone: instances cannot tell when it does not work",
            "2.0 took instances from 1.0 on, this one takes older ones too",
        ]
        #expect(result.switching.warnings == warnings)
        let details = try #require(try association.review().changes.first).details
        #expect(details.filter { $0.hasPrefix("warning") } == warnings.map { "warning: \($0)" })
    }

    @Test func `is compared with the release before on a machine without a network, too`() throws {
        let association = try Self.staged()
        try association.sign("alice", "bob")
        try association.publish()
        try association.addWithHooks("3.0", "pre: {run: hooks/pre}")
        try SigningPayload.write(association.workspace, to: association.folder.path("p"))
        let away = Workspace(at: association.folder.path("p"), storage: DurableStorage())
        let there = Review(try Staging.load(away), workspace: away, now: association.now)
        let here = try association.review()
        #expect(there.report == here.report)
        #expect(there.changes.map(\.details) == here.changes.map(\.details))
        let live = try association.files(below: "p/Releases/targets").keys
        #expect(live.count == 1)
        #expect(live.allSatisfy { $0.contains("/2.0/") && $0.hasSuffix(".release.json") })
    }

    // MARK: what is refused when it is added

    @Test(arguments: [
        ("pre: {run: hooks/none}", "found nothing there"), ("pre: {run: README}", "is not executable"),
        ("post: {run: hooks/link}", "found a link"), ("shared: [README]", "found it in the release's tree"),
        ("shared: [var/data]", "found no folder \"var\""),
    ])
    func `is refused when its file and its tree do not fit`(yaml: String, says: String) throws {
        let association = try Association.releasedCopy()
        let before = try association.files(below: "w/Releases")
        let fault = #expect(throws: ReleaseFault.self) { try association.addWithHooks("2.0", yaml) }
        #expect(fault?.code == .invalidInstall)
        #expect(fault?.message.contains(says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "w/Releases") == before)
        #expect(try association.review().isEmpty)
        try association.addWithHooks("2.0", Self.yaml)
    }

    // MARK: what publish refuses

    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: String
        let edit: @Sendable (inout ReleaseManifest) throws -> Void

        init(_ name: String, says: String, _ edit: @escaping @Sendable (inout ReleaseManifest) throws -> Void) {
            testDescription = name
            self.says = says
            self.edit = edit
        }
    }

    static let attacks: [Attack] = [
        Attack("release.json takes older instances", says: "what the path and custom facts say") {
            $0.updateFrom = nil
        },
        Attack("release.json takes newer instances only", says: "what the path and custom facts say") {
            $0.updateFrom = try Version("1.5")
        },
        Attack("release.json has no rollout", says: "what the path and custom facts say") { $0.rollout = nil },
        Attack("release.json has a faster rollout", says: "what the path and custom facts say") {
            $0.rollout = try Rollout(start: $0.time, steps: [.init(hours: 0, perMille: 1000)])
        },
        Attack("a program that is not in the tree", says: "release/invalid-install") {
            $0.install.post = .init(["hooks/none"], seconds: 1)
        },
        Attack("a program that is not executable", says: "release/invalid-install") {
            $0.install.migration = .init(.init(["README"], seconds: 1), return: .compatible)
        },
        Attack("a shared path over a part of the tree", says: "release/invalid-install") {
            $0.install.shared = ["README"]
        },
    ]

    @Test(arguments: attacks) func `is not published when`(_ attack: Attack) throws {
        let association = try Self.staged()
        let release = StagedRelease(association: association)
        var manifest = try release.manifest()
        try attack.edit(&manifest)
        try release.replace("release.json", with: manifest.encode())
        try association.sign("alice", "bob")
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == .wouldBeRefused)
        #expect(fault?.message.contains(attack.says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "w") == before)
    }

    @Test func `is an alarm in the review when release.json and the metadata do not say the same`() throws {
        let association = try Self.staged()
        let release = StagedRelease(association: association)
        try release.edit { $0.rollout = nil }
        let review = try association.review()
        #expect(review.isAlarming)
        #expect(
            review.changes.first?.details.first
                == "its release.json says otherwise which instances get it when: do not sign unless you know why")
    }
}

extension Association {
    /// A release whose tree has programs in `hooks/`, with the text of an install file.
    @discardableResult
    func addWithHooks(_ version: String, _ yaml: String) throws -> ReleaseStaging.Result {
        let tree = try tree(version)
        for name in ["pre", "migrate", "unmigrate", "post", "health"] {
            let program = try folder.write("#!/bin/sh\nexit 0\n", to: "trees/\(version)/hooks/\(name)")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
        }
        let link = folder.path("trees/\(version)/hooks/link").string
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == nil {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "pre")
        }
        try folder.write("setting = 1\n", to: "trees/\(version)/etc/example.conf")
        var request = ReleaseStaging.Request(
            tree: tree, channel: try ChannelName("stable"), version: try Version(version), severity: .important,
            summary: "a release")
        request.install = try folder.write(yaml, to: "install.yaml")
        request.releaseKey = keys["releases"]
        return try ReleaseStaging(workspace: workspace, now: now, packer: TreePacker(settings: Self.quick)).add(request)
    }
}
