import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `The release key` {
    private func association() throws -> Association { try Association(machineKeys: ["online", "releases"]) }

    @Test func `signs each archive, and SHA256SUMS names every other file`() throws {
        let association = try association()
        try association.release("1.0")
        let published = try association.published()
        func file(_ ending: String) throws -> [UInt8] {
            try #require(published.first { $0.key.hasSuffix("." + ending) }?.value)
        }
        let key = try #require(MinisignKey(association.key("releases").publicKey))
        let comment = try MinisignSignature.decode(file("suite-1.0.tar.zst.minisig"))
            .verify(digest: BLAKE2bHasher.digest(of: file("suite-1.0.tar.zst")), by: key)
        #expect(
            comment == "product:suite version:1.0 channel:stable time:2026-09-21T14:13:20Z file:suite-1.0.tar.zst")
        let names = ["release.json", "suite-1.0.tar.zst", "suite-1.0.tar.zst.minisig", "tree.mtree"]
        let sums = try names.map { "\(Digest.sha256(of: try file($0)))  \($0)\n" }.joined()
        #expect(String(decoding: try file("SHA256SUMS"), as: UTF8.self) == sums)
        #expect(published.keys.count { $0.contains("/targets/") } == names.count + 1)
    }

    @Test func `stands in Keys in both formats, and root names it`() throws {
        let association = try association()
        let key = try association.key("releases").publicKey
        let root = try #require(try Staging.load(association.workspace).root)
        #expect(try root.releaseKey() == key)
        #expect(!root.keys.values.contains { $0.identity == key.identity })
        #expect(try association.folder.read("w/Keys/releases.pub") != nil)
        let handedOut = try MinisignKey.decode(try #require(try association.folder.read("w/Keys/minisign.pub")))
        #expect(handedOut == MinisignKey(key))
        #expect(try association.workspace.loadPolicy().releaseKey == "releases")
        let note = try #require(try association.folder.contents()["w/Keys/.release-key"])
        #expect(note.permissions == .privateFile)
    }

    @Test func `may be left out: then there are sums and no signature`() throws {
        let association = try Association()
        try association.release("1.0")
        let names = try association.published().keys
        #expect(names.contains { $0.hasSuffix(".SHA256SUMS") })
        #expect(!names.contains { $0.hasSuffix(".minisig") })
        #expect(try association.folder.read("w/Keys/minisign.pub") == nil)
    }

    @Test func `has to be at hand, and to be the one that root names`() throws {
        let association = try association()
        var request = ReleaseStaging.Request(
            tree: try association.tree("1.0"), channel: try ChannelName("stable"), version: try Version("1.0"),
            severity: .none, summary: "")
        let staging = ReleaseStaging(workspace: association.workspace, now: association.now)
        let before = try association.files(below: "w")
        let absent = #expect(throws: PublishingFault.self) { try staging.add(request) }
        #expect(absent?.code == .noReleaseKey)
        #expect(absent?.hint?.contains("--release-key") == true)
        for name in ["online", "alice"] {
            request.releaseKey = try association.key(name)
            let wrong = #expect(throws: PublishingFault.self) { try staging.add(request) }
            #expect(wrong?.code == .wrongReleaseKey)
            #expect(wrong?.expected == "releases")
        }
        #expect(try association.files(below: "w") == before)
    }

    @Test func `that root does not name signs nothing`() throws {
        let association = try Association()
        let fault = #expect(throws: PublishingFault.self) {
            try association.add("1.0", releaseKey: Association.key("releases"))
        }
        #expect(fault?.code == .wrongReleaseKey)
        #expect(fault?.hint?.contains("root propose") == true)
    }

    @Test(arguments: ["alice", "online", "minisign"])
    func `is a key of its own, with a name of its own`(name: String) throws {
        let association = try association()
        let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        var keys = association.keys
        keys["releases"] = try keys[name] ?? Association.key(name)
        let other = Association(folder: folder, keys: keys)
        let fault = #expect(throws: PublishingFault.self) { try other.initialisation().run(now: other.now) }
        #expect(fault?.code == .duplicateKeyholder)
        #expect(try folder.contents().isEmpty)
    }

    @Test func `leaves its name in Keys to nobody: not to a keyholder who is proposed later`() throws {
        let association = try Association()
        var request = ProposalRequest()
        request.add = [Association.publicFile(try Association.key("minisign"))]
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) {
            try RootProposal(workspace: association.workspace, now: association.now).propose(request)
        }
        #expect(fault?.code == .duplicateKeyholder)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `is replaced through root: what was signed before stays, what is staged has to be signed anew`() throws {
        let association = try association()
        try association.release("1.0")
        try association.add("2.0")
        let next = try Association.key("releases.2027")
        var request = ProposalRequest()
        request.releaseKey = Association.publicFile(next)
        _ = try RootProposal(workspace: association.workspace, now: association.now).propose(request)
        try association.sign("alice", "bob")
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == .wouldBeRefused)
        #expect(fault?.found?.contains("minisign/other-key") == true, "\(fault?.description ?? "")")
        #expect(try association.files(below: "w") == before)

        try DurableStorage().remove(association.folder.path(association.staged("2.suite-stable.json")))
        try association.add("2.0", releaseKey: next)
        try association.sign("alice", "bob")
        try association.publish()
        #expect(
            try association.folder.read("w/Keys/minisign.pub") == MinisignKey(next.publicKey)?.encoded)
        #expect(try association.published().keys.count { $0.hasSuffix(".minisig") } == 2)
    }

    @Test func `is written for minisign by a publication that is finished after a stop`() throws {
        let association = try association()
        try association.add("1.0")
        try association.sign("alice", "bob")
        do {
            let stopped = try Publication(workspace: association.workspace, now: association.now)
            _ = try stopped.prepare(stopped.checkStaging(), signer: association.key("online"))
        }
        let file = try #require(try association.folder.read("w/Keys/minisign.pub"))
        try DurableStorage().remove(association.folder.path("w/Keys/minisign.pub"))
        #expect(try association.publish())
        #expect(try association.folder.read("w/Keys/minisign.pub") == file)
    }
}
