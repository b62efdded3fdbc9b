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

@Suite struct `Signing on a machine without a network` {
    /// 2.0 is added over 1.0 and signed by nobody; a payload of it stands in `p`.
    private static func withPayload() throws -> Association {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try SigningPayload.write(association.workspace, to: association.folder.path("p"))
        return association
    }

    private func away(_ association: Association) -> Workspace {
        Workspace(at: association.folder.path("p"), storage: DurableStorage())
    }

    private func signAway(_ name: String, _ association: Association, in workspace: Workspace? = nil) throws {
        let place = workspace ?? away(association)
        let key = try association.key(name)
        let ceremony = try Ceremony(
            Staging.load(place), workspace: place, key: key.publicKey, only: [], now: association.now)
        try ceremony.sign(with: key)
    }

    private func attach(
        _ association: Association, _ names: String...
    ) throws -> SignatureAttachment.Result {
        try SignatureAttachment(workspace: association.workspace).attach(names.map { association.folder.path($0) })
    }

    private static let aliceAway = "p/Staged/signatures/2.suite-stable/alice.json"
    private static let aliceHere = "w/Staged/signatures/2.suite-stable/alice.json"

    @Test func `review says there what it says here, without any archive`() throws {
        let association = try Self.withPayload()
        let there = Review(try Staging.load(away(association)), workspace: away(association), now: association.now)
        let here = try association.review()
        #expect(there.report == here.report)
        #expect(there.changes.map(\.details) == here.changes.map(\.details))
        let files = try association.files(below: "p").keys.sorted()
        #expect(!files.contains { $0.hasSuffix(".tar.zst") })
        // The release before is compared with; of what is published, nothing else is taken along.
        let published = files.filter { $0.hasPrefix("p/Releases/targets") }
        #expect(published.count == 1)
        #expect(published.first?.hasPrefix("p/Releases/targets/suite/stable/1.0/") == true)
        #expect(published.first?.hasSuffix(".release.json") == true)
        #expect(files.contains("p/README.txt"))
        #expect(files.contains("p/Keys/root.json"))
        #expect(!files.contains("p/Keys/.online-key"))
    }

    @Test func `what is signed there is taken here, twice with the same end, and published`() throws {
        let association = try Self.withPayload()
        try signAway("alice", association)
        let item = SignatureAttachment.Item(role: "suite-stable", version: 2, name: "alice")
        #expect(try attach(association, "p").taken == [item])
        let after = try association.files(below: "w")
        #expect(try association.folder.read(Self.aliceHere) == association.folder.read(Self.aliceAway))
        for names in [["p"], [Self.aliceAway], ["p", Self.aliceAway]] {
            let again = try SignatureAttachment(workspace: association.workspace)
                .attach(names.map { association.folder.path($0) })
            #expect(again.taken.isEmpty)
            #expect(again.present == [item])
        }
        #expect(try association.files(below: "w") == after)
        try association.sign("bob")
        #expect(try association.publish())
    }

    @Test func `a payload of the very first versions can be signed before anything is published`() throws {
        let association = try Association()
        try association.add("1.0")
        try SigningPayload.write(association.workspace, to: association.folder.path("p"))
        try signAway("bob", association)
        #expect(try attach(association, "p").taken.map(\.role) == ["root", "suite-stable", "targets"])
        try association.sign("carol")
        #expect(try association.publish())
    }

    @Test func `a payload carries the signatures that are here, and they come back as known`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("carol")
        try SigningPayload.write(association.workspace, to: association.folder.path("p"))
        try signAway("alice", association)
        let result = try attach(association, "p")
        #expect(result.taken.map(\.name) == ["alice"])
        #expect(result.present.map(\.name) == ["carol"])
    }

    @Test func `a folder that holds anything is refused, and so is a workspace where nothing is staged`() throws {
        let association = try Association.releasedCopy()
        let nothing = #expect(throws: PublishingFault.self) {
            try SigningPayload.write(association.workspace, to: association.folder.path("p"))
        }
        #expect(nothing?.code == .nothingToSign)
        #expect(try DurableStorage().info(association.folder.path("p")) == nil)
        try association.add("2.0")
        try association.folder.write("mine", to: "q/file")
        let full = #expect(throws: PublishingFault.self) {
            try SigningPayload.write(association.workspace, to: association.folder.path("q"))
        }
        #expect(full?.code == .folderNotEmpty)
        #expect(try association.files(below: "q") == ["q/file": Array("mine".utf8)])
        try DurableStorage().makeDirectory(association.folder.path("empty"))
        try SigningPayload.write(association.workspace, to: association.folder.path("empty"))
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: String
        var code = PublishingFaultCode.unfitSignature
        let prepare: @Sendable (Association) throws -> Void
    }

    static let bad: [Bad] = [
        Bad(testDescription: "one flipped bit", says: "found a signature that does not verify, expected one by alice") {
            try $0.rewrite(aliceAway) { object in
                guard case .string(let text)? = object["sig"] else { return }
                let digit: UInt8 = text.bytes.first == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
                object["sig"] = .string(ByteString([digit] + text.bytes.dropFirst()))
            }
        },
        Bad(testDescription: "another's key id", says: "found a signature that does not verify, expected one by bob") {
            let bob = try $0.key("bob").publicKey.computedID
            try $0.rewrite(aliceAway) { $0["keyid"] = .string(bob.text) }
        },
        Bad(testDescription: "a stranger's key", says: "expected one by a keyholder of suite-stable") {
            let stranger = try Association.key("mallory").publicKey.computedID
            try $0.rewrite(aliceAway) { $0["keyid"] = .string(stranger.text) }
        },
        Bad(
            testDescription: "another version",
            says: "found a signature of suite-stable version 3, expected one of suite-stable version 2"
        ) { try $0.rewrite(aliceAway) { $0["version"] = 3 } },
        Bad(
            testDescription: "a role that is not staged",
            says: "found a signature of root version 2, expected one of suite-stable version 2"
        ) {
            try $0.rewrite(aliceAway) {
                $0["role"] = "root"
                $0["version"] = 2
            }
        },
        Bad(
            testDescription: "what was staged before", says: "found a signature over other bytes, expected suite-stable"
        ) { try $0.add("2.1") },
        Bad(testDescription: "no signature at all", says: "alice.json", code: .unfitSignature) {
            try $0.folder.write("{}", to: aliceAway)
        },
        Bad(testDescription: "a field too many", says: "another layout", code: .unfitSignature) {
            try $0.rewrite(aliceAway) { $0["note"] = "hello" }
        },
    ]

    @Test(arguments: bad) func `is refused when it comes back with`(_ row: Bad) throws {
        let association = try Self.withPayload()
        try signAway("alice", association)
        try signAway("bob", association)
        try row.prepare(association)
        let before = try association.files(below: "w/Staged")
        let fault = #expect(throws: PublishingFault.self) { try attach(association, "p") }
        #expect(fault?.code == row.code)
        #expect(fault?.message.contains(row.says) == true, "\(fault?.message ?? "")")
        // Bob's was good, and is not taken either.
        #expect(try association.files(below: "w/Staged") == before)
    }

    @Test func `a stopped attach leaves each signature whole or absent, and a second one completes`() throws {
        let original = try Association()
        try original.add("1.0")
        try SigningPayload.write(original.workspace, to: original.folder.path("p"))
        try signAway("alice", original)
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            let copy = try original.copied(to: folder)
            _ = try SignatureAttachment(workspace: copy.workspace(storage)).attach([copy.folder.path("p")])
        } afterwards: { folder, stop, _ in
            let association = Association(folder: folder, keys: original.keys)
            #expect(try association.review().roles.allSatisfy { $0.problems.isEmpty }, "after stop \(stop)")
            _ = try SignatureAttachment(workspace: association.workspace).attach([folder.path("p")])
            #expect(try association.review().roles.map(\.signed) == [["alice"], ["alice"], ["alice"]])
        }
        #expect(stops > 5)
    }

    @Test func `a key that has signed all that it may has nothing left to sign`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("alice")
        let before = try association.files(below: "w/Staged")
        let key = try association.key("alice").publicKey
        let ceremony = try Ceremony(
            Staging.load(association.workspace), workspace: association.workspace, key: key, only: [],
            now: association.now)
        #expect(ceremony.roles.isEmpty)
        #expect(ceremony.signed.map(\.role) == ["suite-stable"])
        try association.sign("alice")
        #expect(try association.files(below: "w/Staged") == before)
    }
}

extension Association {
    fileprivate func rewrite(_ path: String, _ edit: (inout JSONObject) -> Void) throws {
        guard case .object(var object) = try JSONValue.decode(#require(try folder.read(path))) else { return }
        edit(&object)
        try folder.write(JSONValue.object(object).fileEncoding, to: path)
    }
}
