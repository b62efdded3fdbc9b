import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SystemPackage
import TestSupport
import Testing

@Suite struct `A proposal, and its discarding, survive a stop at any instant` {
    @Sendable private static func wish(_ request: inout ProposalRequest, _ association: Association) throws {
        request.remove = ["bob"]
        request.add = [try association.publicFile("dave")]
        request.onlineKey = try association.publicFile("online-2")
        request.onlineKeyPath = "/nowhere/online-2.key"
        request.channels = [try ChannelNames.beta()]
    }

    /// A release waits, signed by alice, and so does an earlier proposal.
    private func prepared() throws -> Association {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.propose { $0.threshold = 3 }
        try association.sign("alice")
        return association
    }

    @Test func `the same again, or the bare command, completes it`() throws {
        let original = try prepared()
        let undisturbed = try original.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try undisturbed.propose { try Self.wish(&$0, original) }
        let expected = try undisturbed.files(below: "w")
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try original.copied(to: folder).propose(storage: storage) { try Self.wish(&$0, original) }
        } afterwards: { folder, stop, _ in
            let association = Association(folder: folder, keys: original.keys)
            if try association.workspace.loadPolicy().onlineKey == "online-2", !stop.isMultiple(of: 2) {
                try association.propose()
            } else {
                try association.propose { try Self.wish(&$0, original) }
            }
            var found = try association.files(below: "w").filter { !$0.key.hasSuffix(".tmp") }
            // Signatures over what was staged before may be left; they are reported and count for nothing.
            for path in found.keys where path.contains("/signatures/") && expected[path] == nil { found[path] = nil }
            #expect(found == expected, "after stop \(stop) and another run")
        }
        #expect(stops > 20)
    }

    @Test func `discard, given again, takes all of it back`() throws {
        let original = try Association.releasedCopy()
        let before = try original.files(below: "w")
        try original.add("2.0")
        try original.sign("alice")
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try Discard("stable", workspace: original.copied(to: folder).workspace(storage)).run()
        } afterwards: { folder, stop, finished in
            let association = Association(folder: folder, keys: original.keys)
            if try !association.stagedRoles().isEmpty {
                #expect(!finished)
                try Discard("stable", workspace: association.workspace).run()
            }
            #expect(try association.files(below: "w") == before, "after stop \(stop)")
        }
        #expect(stops > 5)
    }
}

@Suite struct `sceau discard` {
    @Test func `takes back one role and leaves the others as they are`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.propose { $0.threshold = 1 }
        try association.sign("alice", "bob")
        let before = try association.files(below: "w/Staged")
        let discard = try Discard("root", workspace: association.workspace)
        #expect(discard.signatures == ["alice", "bob"])
        #expect(discard.releases.isEmpty)
        try discard.run()
        #expect(try association.files(below: "w/Staged") == before.filter { !$0.key.contains("2.root") })
        try association.publish()
        #expect(try association.checkWithPythonTUF().versions?["suite-stable"] == 2)
    }

    @Test func `takes a channel's staged releases with it, and what is published stays`() throws {
        let association = try Association.releasedCopy()
        let before = try association.files(below: "w")
        try association.add("2.0")
        try association.add("2.1")
        try association.sign("carol")
        let discard = try Discard("stable", workspace: association.workspace)
        #expect(discard.releases.map { "\($0)" } == ["2.0", "2.1"])
        #expect(discard.signatures == ["carol"])
        try discard.run()
        #expect(try association.files(below: "w") == before)
        try association.release("2.0")
    }

    @Test func `says what is staged when something else is named, and refuses what has changed since it was shown`()
        throws
    {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        let unknown = #expect(throws: PublishingFault.self) { try Discard("root", workspace: association.workspace) }
        #expect(unknown?.code == .notStaged)
        #expect(unknown?.expected == "one of suite-stable")
        let shown = try Discard("stable", workspace: association.workspace)
        try association.add("2.1")
        let before = try association.files(below: "w")
        #expect(#expect(throws: PublishingFault.self) { try shown.run() }?.code == .notStaged)
        #expect(try association.files(below: "w") == before)
    }
}

@Suite struct `Two proposals in two clones of one workspace` {
    @discardableResult
    private func git(_ arguments: String..., in folder: FilePath) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["git", "-C", folder.string, "-c", "user.name=t", "-c", "user.email=t@example.org"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test func `conflict visibly in git, not silently`() throws {
        let ours = try Association.releasedCopy()
        let folder = ours.folder
        try #require(try git("init", "-q", in: folder.path("w")) == 0)
        try git("add", "-A", in: folder.path("w"))
        try git("commit", "-qm", "1.0", in: folder.path("w"))
        try #require(try git("clone", "-q", "w", "clone/w", in: folder.path) == 0)
        try ours.propose { $0.add = [try ours.publicFile("dave")] }
        let other = try TemporaryFolder(in: TemporaryFolder.inMemory)
        try FileManager.default.moveItem(atPath: folder.path("clone/w").string, toPath: other.path("w").string)
        let theirs = Association(folder: other, keys: ours.keys)
        try theirs.propose { $0.add = [try ours.publicFile("erin")] }
        for association in [ours, theirs] {
            try association.sign("alice")
            try git("add", "-A", in: association.folder.path("w"))
            try git("commit", "-qm", "a proposal", in: association.folder.path("w"))
        }
        try git("fetch", "-q", other.path("w").string, "HEAD", in: folder.path("w"))
        #expect(try git("merge", "-q", "FETCH_HEAD", in: folder.path("w")) != 0)
        // Nobody signs or publishes the mixture: it is not what this tool writes.
        #expect(throws: PublishingFault.self) { try ours.sign("bob") }
        #expect(throws: (any Error).self) { try ours.publish() }
    }
}
