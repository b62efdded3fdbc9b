import DurableStorage
import Foundation
import Primitives
import Publishing
import SystemPackage
import TUF
import TestSupport
import Testing

/// Keyholders who work at once, each in a clone of their own: git puts it together without a question.
@Suite struct `Two clones of a workspace merge without a conflict` {
    /// A workspace under git, and a clone of it, both of the same association.
    private struct Clones {
        let ours: Association
        let theirs: Association

        init(_ association: Association) throws {
            ours = association
            try Self.git(["init", "-q", "-b", "main"], in: ours.folder.path("w"))
            try Self.commit("the beginning", in: ours)
            let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
            try Self.git(["clone", "-q", ours.folder.path("w").string, folder.path("w").string], in: folder.path)
            theirs = Association(folder: folder, keys: ours.keys)
        }

        @discardableResult
        static func git(_ arguments: [String], in folder: FilePath) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
            process.arguments =
                ["-C", folder.string, "-c", "user.name=t", "-c", "user.email=t@example.org"] + arguments
            process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.string, "GIT_CONFIG_NOSYSTEM": "1"]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "git \(arguments.joined(separator: " ")): \(said)")
            return said
        }

        static func commit(_ message: String, in association: Association) throws {
            try git(["add", "-A"], in: association.folder.path("w"))
            try git(["commit", "-qm", message], in: association.folder.path("w"))
        }

        /// Both commit what they did, and ours takes theirs over.
        func merge() throws {
            try Self.commit("ours", in: ours)
            try Self.commit("theirs", in: theirs)
            try Self.git(["fetch", "-q", theirs.folder.path("w").string, "main"], in: ours.folder.path("w"))
            try Self.git(["merge", "-q", "--no-edit", "FETCH_HEAD"], in: ours.folder.path("w"))
            #expect(try Self.git(["status", "--porcelain"], in: ours.folder.path("w")).isEmpty)
        }
    }

    @Test func `when alice signs in one and bob in the other`() throws {
        let clones = try Clones(.releasedCopy())
        try clones.ours.add("2.0")
        try Clones.commit("2.0", in: clones.ours)
        try Clones.git(["pull", "-q", "--ff-only"], in: clones.theirs.folder.path("w"))
        try clones.ours.sign("alice")
        try clones.theirs.sign("bob")
        try clones.merge()
        #expect(try clones.ours.review().roles.map(\.signed) == [["alice", "bob"]])
        #expect(try clones.ours.publish())
    }

    @Test func `when both sign the very first versions, which nobody published yet`() throws {
        let association = try Association()
        try association.add("1.0")
        let clones = try Clones(association)
        try clones.ours.sign("alice")
        try clones.theirs.sign("carol")
        try clones.merge()
        #expect(try clones.ours.review().isReady)
        #expect(try clones.ours.publish())
    }

    @Test func `when a release is added in one while root is signed in the other`() throws {
        let association = try Association.releasedCopy()
        try association.propose { request in
            request.add = [try association.publicFile("dave")]
            request.roles = ["root"]
        }
        let clones = try Clones(association)
        try clones.ours.add("2.0")
        try clones.theirs.sign("alice", "bob")
        try clones.merge()
        let roles = try clones.ours.review().roles
        #expect(roles.map(\.role) == ["root", "suite-stable"])
        #expect(roles.map(\.signed) == [["alice", "bob"], []])
        try clones.ours.signAsFarAsPossible(["alice", "carol"])
        #expect(try clones.ours.publish())
    }

    @Test
    func `when one publishes while another, who did not know, signs: the signature is left over and harms nothing`()
        throws
    {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("alice", "bob")
        let clones = try Clones(association)
        try clones.ours.publish()
        try clones.theirs.sign("carol")
        try clones.merge()
        #expect(try clones.ours.review().isEmpty)
        try clones.ours.add("3.0")
        try clones.ours.sign("alice", "carol")
        #expect(try clones.ours.publish())
    }
}
