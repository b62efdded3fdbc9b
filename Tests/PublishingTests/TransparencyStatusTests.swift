import DurableStorage
import Foundation
import Primitives
import Publishing
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

@Suite struct `The status of transparency` {
    private func warnings(_ association: Association) throws -> [StatusWarning] {
        try WorkspaceStatus.load(association.workspace, now: association.now).warnings.filter {
            $0.kind == .transparency
        }
    }

    @Test func `names the log and its quorum, and warns of what is weak in it`() throws {
        let association = try Association.watchedCopy()
        let status = try WorkspaceStatus.load(association.workspace, now: association.now)
        #expect(status.transparency.rule?.log.origin == "example.org/log")
        #expect(status.transparency.rule?.quorum == "2 of 3 must cosign")
        #expect(status.transparency.older.isEmpty)
        #expect(try warnings(association).map(\.text).count == 1)
        #expect(!status.isUrgent)
    }

    @Test func `warns when root names no policy, and says what to do at each step`() throws {
        let association = try Association.releasedCopy()
        let none = try #require(try warnings(association).first)
        #expect(none.text.hasPrefix("root names no witness policy: instances refuse everything"))
        #expect(none.remedy == "sceau root propose --witness-policy FILE, then sign and publish")
        #expect(try WorkspaceStatus.load(association.workspace, now: association.now).transparency.rule == nil)
        let key = try association.newLogKey()
        _ = try association.propose {
            $0.witnesses = Witnesses.text(4, of: "a", "b", "c", "d", "e")
            $0.logKey = key
        }
        #expect(try warnings(association).first?.remedy == "sign and publish what is staged")
        try association.sign("alice", "bob")
        try association.publishWatched()
        #expect(try warnings(association).isEmpty)
    }

    /// Root 2 asks for 2 of 3 where root 1 asked for 3; witnesses saw it a day after `now`.
    private func weakened() throws -> (Association, proof: String) {
        var association = try Association(watchedBy: Witnesses.text(3, of: "north", "east", "south"))
        try association.releaseWatched("1.0")
        _ = try association.proposeWatched(Witnesses.two)
        try association.sign("alice", "bob")
        association.now += 86400
        try association.publishWatched()
        let root = try #require(try association.folder.read("w/Releases/metadata/2.root.json"))
        return (association, "w/Releases/log/proofs/\(Digest.sha256(of: root).hex).tlog-proof")
    }

    @Test func `says how long a former quorum is asked for`() throws {
        let (association, _) = try weakened()
        let day = 86400.0
        let status = try WorkspaceStatus.load(association.workspace, now: association.now)
        #expect(status.transparency.older.map(\.until) == [Association.now + 8 * day])
        #expect(status.transparency.older.map(\.rule.quorum) == ["3 of 3 must cosign"])
        #expect(status.transparency.rule?.quorum == "2 of 3 must cosign")
        let warning = try #require(try warnings(association).first)
        #expect(
            warning.text
                == "root version 2 asks witnesses for less than the one before: until "
                + "\(UTCTime.encode(Association.now + 8 * day)) instances ask for the former quorum too (3 of 3 must cosign)"
        )
        #expect(warning.time == Association.now + 8 * day)
        for (seconds, count) in [(8 * day - 1, 1), (8 * day, 0)] {
            let later = try WorkspaceStatus.load(association.workspace, now: Association.now + seconds)
            #expect(later.transparency.older.count == count)
        }
    }

    @Test func `believes no proof that is missing or does not hold`() throws {
        let (association, path) = try weakened()
        var proof = try #require(try association.folder.read(path))
        proof[proof.count - 10] ^= 1
        for bytes in [proof, nil] {
            try DurableStorage().remove(association.folder.path(path))
            if let bytes { try association.folder.write(bytes, to: path) }
            let status = try WorkspaceStatus.load(association.workspace, now: association.now + 100 * 86400)
            #expect(status.transparency.older.count == 1)
            #expect(status.transparency.older.first?.until == nil)
            #expect(status.warnings.contains { $0.text.contains("until seven days after it is public") })
        }
    }

    @Test func `says nothing of a former quorum when a root was published without it: nobody asks for that`() throws {
        var association = try Association.watchedCopy()
        _ = try association.proposeWatched(Witnesses.text(2, of: "west", "mid", "far"))
        try association.sign("alice", "bob")
        association.now += 60
        association.absentWitnesses = ["north", "east", "south"]
        association.abandonsFormerWitnesses = true
        try association.publish(readByPeer: false)
        for days in [0.0, 3, 8] {
            let now = association.now + days * 86400
            #expect(try WorkspaceStatus.load(association.workspace, now: now).transparency.older.isEmpty)
        }
    }

    @Test func `is urgent when witnesses have not cosigned for two days, or no quorum has`() throws {
        var association = try Association.watchedCopy()
        let cosigned = association.now
        func heartbeat() throws -> [StatusWarning] {
            let status = try WorkspaceStatus.load(association.workspace, now: association.now)
            let found = status.warnings.filter { $0.kind == .heartbeat }
            #expect(status.isUrgent == !found.isEmpty)
            return found
        }
        #expect(try heartbeat().isEmpty)
        association.now += 2 * 86400
        #expect(try heartbeat().isEmpty)
        association.now += 1
        let warning = try #require(try heartbeat().first)
        #expect(
            warning.text
                == "witnesses cosigned the log last at \(UTCTime.encode(cosigned)): instances refuse one of 72 hours ago"
        )
        #expect(warning.remedy == "sceau refresh" && warning.time == cosigned)
        association.now = cosigned

        // A mirror's copy with the log's own signature only, and none at all.
        let path = association.folder.path("w/Releases/log/checkpoint")
        let note = try SignedNote(decoding: DurableStorage().read(path, limit: 1 << 16))
        let bare = try SignedNote(text: note.text, signatures: Array(note.signatures.prefix(1)))
        try DurableStorage().write(bare.encoded, to: path)
        #expect(try heartbeat().first?.text.hasPrefix("too few witnesses have cosigned") == true)
        try DurableStorage().remove(path)
        #expect(try heartbeat().first?.text.hasPrefix("nothing of the log is live") == true)
    }
}
