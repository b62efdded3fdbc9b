import DurableStorage
import Foundation
import Primitives
import Publishing
import TestSupport
import Testing

@Suite struct `Publishing survives a stop at any instant` {
    /// Ready to publish `version`, with `former` live.
    private func prepared(_ version: String, over former: String?) throws -> Association {
        let association = try Association()
        if let former { try association.release(former) }
        try association.add(version)
        try association.sign("alice", "bob")
        return association
    }

    private func pinnedRoot(_ association: Association) throws -> [UInt8] {
        try #require(try association.folder.read("w/Keys/root.json"))
    }

    /// What an undisturbed run gives, and the root it hands out.
    private func undisturbed(
        _ original: Association
    ) throws -> (files: [String: [UInt8]], root: [UInt8], newest: String?) {
        let copy = try original.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try copy.publish()
        let root = try pinnedRoot(copy)
        return (try copy.published(), root, try Client(association: copy, pinnedRoot: root).newestVersion())
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        let former: String?
        let loss: FaultyStorage.Loss
        var testDescription: String { "\(former ?? "nothing") live, losing \(loss)" }
    }

    @Test(arguments: [
        Case(former: nil, loss: .nothing), Case(former: "1.0", loss: .everythingUnflushed),
    ])
    private func `stopped at each durable effect, clients see old or new, and a second run completes`(
        _ row: Case
    ) throws {
        let original = try prepared("2.0", over: row.former)
        let expected = try undisturbed(original)
        #expect(expected.newest == "2.0")
        let stops = try FaultyStorage.crashAtEveryEffect(losing: row.loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            try original.copied(to: folder).publish(storage: storage)
        } afterwards: { folder, stop, finished in
            let association = Association(folder: folder, keys: original.keys)
            let client = Client(association: association, pinnedRoot: expected.root)
            let seen = try client.newestVersion()
            #expect(seen == "2.0" || seen == row.former && !finished, "after stop \(stop)")
            try association.publish()
            #expect(try association.published() == expected.files, "after stop \(stop) and another run")
            #expect(try association.pinned() == expected.root, "after stop \(stop) and another run")
            #expect(try association.files(below: "w/Staged").keys.sorted() == Association.emptyStaging)
        }
        #expect(stops > 30)
    }

    @Test func `a disk that is full at any instant leaves old or new, and a second run completes`() throws {
        let original = try prepared("2.0", over: "1.0")
        let expected = try undisturbed(original)
        var finished = false
        var effect = 0
        while !finished {
            // Every third: the stops above are at every one, and these take as long.
            effect += 3
            let association = try original.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
            let faulty = try FaultyStorage(.fail(at: effect, .full), in: TemporaryFolder.inMemory)
            do {
                try association.publish(storage: faulty.storage)
                finished = faulty.effects.count < effect
            } catch let fault as StorageFault {
                #expect(fault.code == .full, "at effect \(effect)")
            }
            let client = Client(association: association, pinnedRoot: expected.root)
            let seen = try client.newestVersion()
            #expect(seen == "1.0" || seen == "2.0", "at effect \(effect)")
            try association.publish()
            #expect(try association.published() == expected.files, "at effect \(effect) and another run")
        }
    }

    @Test func `nothing is staged, signed or refreshed beside a publication that is half done`() throws {
        let association = try prepared("2.0", over: "1.0")
        try decide(association)
        let before = try association.files(below: "w")
        for attempt in [
            { try association.add("3.0") }, { try association.sign("carol") }, { try association.refresh() },
        ]
            as [() throws -> Any]
        {
            let fault = #expect(throws: PublishingFault.self) { _ = try attempt() }
            #expect(fault?.code == .interrupted)
        }
        #expect(try association.files(below: "w") == before)
    }

    /// Goes as far as the decision, and no further.
    private func decide(_ association: Association) throws {
        let publication = try Publication(workspace: association.workspace, now: association.now)
        _ = try publication.prepare(publication.checkStaging(), signer: association.key("online"))
    }

    @Test func `an interrupted publication is finished even after its timestamp has expired`() throws {
        var association = try prepared("2.0", over: "1.0")
        try decide(association)
        association.now += 20 * 86400
        #expect(throws: PublishingFault.self) { try association.add("3.0") }
        #expect(try association.publish())
        try association.refresh()
        let client = Client(association: association, pinnedRoot: try pinnedRoot(association))
        #expect(try client.newestVersion() == "2.0")
    }
}

extension Association {
    /// What is left in `Staged/` when nothing waits there.
    static let emptyStaging = ["w/Staged/.gitignore", "w/Staged/.lock"]

    func pinned() throws -> [UInt8]? { try folder.read("w/Keys/root.json") }
}
