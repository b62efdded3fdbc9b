import DurableStorage
import Foundation
import Primitives
import Publishing
import SecretKeys
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `Any key of any role can be rotated` {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What has to be signed: no more than that.
        let staged: [String]
        /// These are not enough.
        let tooFew: [String]
        /// Together with those, these are.
        let others: [String]
        /// Who publishes the next release afterwards; nil where that is as it was.
        let successors: [String]?
        let wish: @Sendable (inout ProposalRequest, Association) throws -> Void

        init(
            _ name: String, staged: [String], tooFew: [String], others: [String],
            successors: [String]? = nil,
            _ wish: @escaping @Sendable (inout ProposalRequest, Association) throws -> Void
        ) {
            testDescription = name
            self.staged = staged
            self.tooFew = tooFew
            self.others = others
            self.successors = successors
            self.wish = wish
        }
    }

    /// alice, bob and carol hold every role, two of them sign; alice and bob signed what is published.
    static let rows: [Row] = [
        Row("root: one more", staged: ["root 2"], tooFew: ["alice"], others: ["bob"]) { request, association in
            request.roles = ["root"]
            request.add = [try association.publicFile("dave")]
        },
        Row("root: one who signed goes", staged: ["root 2"], tooFew: ["alice", "bob"], others: ["carol"]) {
            request, _ in
            request.roles = ["root"]
            request.remove = ["bob"]
        },
        Row("root: one is replaced", staged: ["root 2"], tooFew: ["alice", "bob"], others: ["dave"]) {
            request, association in
            request.roles = ["root"]
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        },
        Row("root: threshold up", staged: ["root 2"], tooFew: ["alice", "bob"], others: ["carol"]) { request, _ in
            request.roles = ["root"]
            request.threshold = 3
        },
        Row("root: threshold down", staged: ["root 2"], tooFew: ["alice"], others: ["carol"]) { request, _ in
            request.roles = ["root"]
            request.threshold = 1
        },
        Row("root: all are replaced", staged: ["root 2"], tooFew: ["alice", "dave", "erin"], others: ["carol"]) {
            request, association in
            request.roles = ["root"]
            request.remove = Association.keyholderNames
            request.add = [try association.publicFile("dave"), try association.publicFile("erin")]
        },
        Row("targets: one more", staged: ["root 2"], tooFew: ["alice"], others: ["bob"]) { request, association in
            request.roles = ["targets"]
            request.add = [try association.publicFile("dave")]
        },
        Row(
            "targets: one who signed goes", staged: ["root 2", "targets 2"], tooFew: ["alice", "bob"], others: ["carol"]
        ) { request, _ in
            request.roles = ["targets"]
            request.remove = ["bob"]
        },
        Row("targets: one who did not sign goes", staged: ["root 2"], tooFew: ["alice"], others: ["bob"]) {
            request, _ in
            request.roles = ["targets"]
            request.remove = ["carol"]
        },
        Row("targets: one is replaced", staged: ["root 2", "targets 2"], tooFew: ["alice", "bob"], others: ["dave"]) {
            request, association in
            request.roles = ["targets"]
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        },
        Row("targets: threshold up", staged: ["root 2", "targets 2"], tooFew: ["alice", "bob"], others: ["carol"]) {
            request, _ in
            request.roles = ["targets"]
            request.threshold = 3
        },
        Row("targets: threshold down", staged: ["root 2"], tooFew: ["alice"], others: ["bob"]) { request, _ in
            request.roles = ["targets"]
            request.threshold = 1
        },
        Row(
            "channel: one more", staged: ["targets 2"], tooFew: ["alice"], others: ["bob"],
            successors: ["alice", "dave"]
        ) { request, association in
            request.roles = ["stable"]
            request.add = [try association.publicFile("dave")]
        },
        Row(
            "channel: one who signed goes", staged: ["targets 2", "suite-stable 2"], tooFew: ["alice", "bob"],
            others: ["carol"], successors: ["alice", "carol"]
        ) { request, _ in
            request.roles = ["suite-stable"]
            request.remove = ["bob"]
        },
        Row(
            "channel: one is replaced", staged: ["targets 2", "suite-stable 2"], tooFew: ["alice", "bob"],
            others: ["dave"], successors: ["carol", "dave"]
        ) { request, association in
            request.roles = ["stable"]
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        },
        Row(
            "channel: threshold up", staged: ["targets 2", "suite-stable 2"], tooFew: ["alice", "bob"],
            others: ["carol"], successors: ["alice", "bob", "carol"]
        ) { request, _ in
            request.roles = ["stable"]
            request.threshold = 3
        },
        Row("channel: threshold down", staged: ["targets 2"], tooFew: ["alice"], others: ["bob"], successors: ["carol"])
        { request, _ in
            request.roles = ["stable"]
            request.threshold = 1
        },
        Row(
            "all roles: one is replaced", staged: ["root 2", "targets 2", "suite-stable 2"], tooFew: ["alice", "bob"],
            others: ["dave"], successors: ["carol", "dave"]
        ) { request, association in
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        },
        Row("snapshot and timestamp: another key", staged: ["root 2"], tooFew: ["alice"], others: ["carol"]) {
            request, association in
            request.onlineKey = try association.publicFile("online-2")
        },
        Row(
            "everything at once", staged: ["root 2", "targets 2", "suite-stable 2"], tooFew: ["alice", "dave", "erin"],
            others: ["bob"], successors: ["dave", "erin"]
        ) { request, association in
            request.remove = Association.keyholderNames
            request.add = [try association.publicFile("dave"), try association.publicFile("erin")]
            request.onlineKey = try association.publicFile("online-2")
        },
    ]

    @Test(arguments: rows) func `and instances follow, from the first root and from the last state`(_ row: Row) throws {
        var association = try Association.releasedCopy()
        let first = try association.anchor()
        let holding = HoldingInstance(pinnedRoot: first)
        #expect(try holding.refresh(from: association) == "1.0")
        let live = try association.published()

        try association.propose { try row.wish(&$0, association) }
        #expect(try association.stagedRoles() == row.staged)
        if try association.workspace.loadPolicy().onlineKey != association.online { association.online = "online-2" }
        try association.signAsFarAsPossible(row.tooFew)
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == .thresholdNotMet)
        #expect(try association.published() == live)
        try association.signAsFarAsPossible(row.others)
        try association.publish()
        try check(holding, first, association, "1.0")
        #expect(try association.propose().isEmpty)

        if let successors = row.successors {
            try association.add("2.0")
            try association.signAsFarAsPossible(successors)
            try association.publish()
            try check(holding, first, association, "2.0")
        }
        // What was published stays served: an instance that was away for years walks from root to root.
        for (path, bytes) in live where !path.hasSuffix("timestamp.json") {
            #expect(try association.folder.read(path) == bytes, "\(path)")
        }
    }

    private func check(
        _ holding: HoldingInstance, _ first: [UInt8], _ association: Association, _ version: String
    ) throws {
        #expect(try holding.refresh(from: association) == version)
        #expect(try HoldingInstance(pinnedRoot: first).refresh(from: association) == version)
        #expect(try association.anchor() == first)
    }

    @Test func `many times in a row: every root stays, and the first one leads to the last`() throws {
        var association = try Association.releasedCopy()
        let first = try association.anchor()
        let old = HoldingInstance(pinnedRoot: first)
        try old.refresh(from: association)
        var people = Association.keyholderNames
        for number in 1...5 {
            let newcomer = "new\(number)"
            association.keys[newcomer] = try Association.key(newcomer)
            association.keys["machine\(number)"] = try Association.key("machine\(number)")
            let leaving = people.removeFirst()
            try association.propose { request in
                request.remove = [leaving]
                request.add = [try association.publicFile(newcomer)]
                request.onlineKey = try association.publicFile("machine\(number)")
            }
            people.append(newcomer)
            association.online = "machine\(number)"
            try association.signAsFarAsPossible(people)
            try association.publish()
        }
        #expect(try old.refresh(from: association) == "1.0")
        #expect(try HoldingInstance(pinnedRoot: first).refresh(from: association) == "1.0")
        for version in 1...6 {
            #expect(try association.folder.read("w/Releases/metadata/\(version).root.json") != nil)
        }
        #expect(try association.checkWithPythonTUF().versions?["root"] == 6)
    }

    @Test func `while a release waits: it keeps its content and its signatures`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("alice")
        let waiting = try association.folder.read("w/Staged/metadata/2.suite-stable.json")
        let result = try association.propose { request in
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        }
        #expect(result.kept.map(\.role) == ["suite-stable"])
        #expect(result.staged.map(\.role) == [.root, .targets])
        #expect(try association.folder.read("w/Staged/metadata/2.suite-stable.json") == waiting)
        let stable = try #require(
            try Review(Staging.load(association.workspace), workspace: association.workspace, now: association.now)
                .roles.last)
        #expect(stable.signed == ["alice"])
        #expect(stable.canSign == ["carol", "dave"])
        try association.signAsFarAsPossible(["alice", "carol"])
        try association.publish()
        let client = Client(association: association, pinnedRoot: try association.anchor())
        #expect(try client.newestVersion() == "2.0")
    }

    @Test func `a channel opens in a published workspace, with keyholders of its own`() throws {
        let association = try Association.releasedCopy()
        let result = try association.propose { $0.channels = [try ChannelNames.beta()] }
        #expect(result.staged.map(\.role) == [.targets, "suite-beta"])
        try association.propose { request in
            request.roles = ["beta"]
            request.remove = ["alice", "bob"]
            request.add = [try association.publicFile("dave"), try association.publicFile("erin")]
        }
        try association.signAsFarAsPossible(["alice", "bob", "dave", "erin"])
        try association.publish()
        try association.add("3.0-beta.1", channel: "beta")
        #expect(throws: PublishingFault.self) { try association.sign("alice", "bob") }
        try association.sign("dave", "erin")
        try association.publish()
        let instance = HoldingInstance(pinnedRoot: try association.anchor())
        #expect(try instance.refresh(from: association, channel: "suite-beta") == "3.0-beta.1")
        #expect(try instance.refresh(from: association) == "1.0")
    }
}
