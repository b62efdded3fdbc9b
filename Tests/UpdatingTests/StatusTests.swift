import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Synchronization
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

@Suite("Status") struct StatusTests {
    /// Refuses every effect, as a read-only file system does, and remembers what was tried.
    private final class ReadOnly: EffectObserver {
        let tried = Mutex<[String]>([])

        func willPerform(_ effect: DurableEffect) throws(StorageFault) {
            tried.withLock { $0.append("\(effect)") }
            throw StorageFault(.permissionDenied, at: "\(effect)")
        }
    }

    @Test("writes nothing, also where the number for rollouts was lost, or another agent was interrupted")
    func writesNothing() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        var lies = ReleaseRepository.Lies()
        lies.manifest = {
            $0.rollout = try? Rollout(
                start: RepositorySimulator.now, steps: [.init(hours: 0, perMille: 0), .init(hours: 48, perMille: 1000)])
        }
        try repository.add("1.1", Sample.second, lies: lies)
        _ = try instance.agent().check()
        let journal = try instance.folder.read("state/journal")
        for interrupted in [false, true] {
            try DurableStorage().remove(instance.folder.path("state/seed"))
            try DurableStorage().remove(instance.folder.path("state/lock"))
            if interrupted {
                let step = UpdateStep(
                    .update, from: try Version("1.0"), to: try Version("1.1"),
                    tree: try #require(repository.releases["1.1"]).listing.digest)
                try instance.folder.write(Journal.encode(UpdateState(.preparing, step)), to: "state/journal")
            }
            let before = try instance.folder.contents()
            let readOnly = ReadOnly()
            let status = try instance.agent(DurableStorage(observer: readOnly)).status()
            #expect(status.installed?.version == (try Version("1.0")))
            #expect(status.available?.version == (try Version("1.1")))
            #expect(status.underWay?.isInterrupted == (interrupted ? true : nil))
            // How long it waits nobody knows without the number.
            #expect(status.held == nil)
            #expect(readOnly.tried.withLock { $0 } == [])
            #expect(try instance.folder.contents() == before)
        }
        try instance.folder.write(journal ?? [], to: "state/journal")
        // The next look draws a number.
        _ = try instance.agent().check()
        #expect(try instance.folder.read("state/seed")?.count == 32)
    }

    @Test("names the mirrors that stand aside, why, and until when; none that is not configured, or whose time is over")
    func mirrorsAside() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        instance.configure = {
            $0.mirrors = ["https://a.example.org/", "https://user:secret@b.example.org/x"]
        }
        var memory = MirrorMemory()
        memory.misbehaved("https://b.example.org/x", code: "agent/wrong-hash", at: instance.now)
        memory.misbehaved("https://gone.example.org/", code: "metadata/malformed", at: instance.now)
        try instance.folder.write(memory.encode(), to: "state/mirrors.json")
        let aside = try #require(try instance.agent().status().json["mirrors_aside"])
        let until = UTCTime.encode(instance.now + 3600)
        #expect(
            aside == [
                [
                    "mirror": "https://b.example.org/x", "code": "agent/wrong-hash",
                    "until": .string(ByteString(until)), "times": 1,
                ]
            ])
        instance.now += 3600
        #expect(try instance.agent().status().json["mirrors_aside"] == [])
    }
}
