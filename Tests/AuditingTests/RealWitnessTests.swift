import Auditing
import DurableStorage
import Foundation
import Primitives
import SecretKeys
import Signatures
import StaticHTTP
import TestSupport
import Testing
import TransparencyLog
import Transport
import WitnessHTTP
import Witnessing

/// The third witness of the simulated log is ours, behind HTTP.
@Suite("A monitor that asks a real witness")
struct RealWitnessTests {
    private struct TestSigner: Signer {
        let key = TestKey("witness w3")
        var publicKey: PublicKey { key.publicKey }
        func sign(_ message: [UInt8]) throws -> [UInt8] { key.sign(message) }
    }

    private let server: WitnessServer
    private let folder: TemporaryFolder
    private let watch: Watch

    init() throws {
        folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        let clock = { @Sendable in PublishedFolder.now - 60 }
        let witness = try Witness(
            key: WitnessKey(TestSigner(), name: "witness.example/w3"), logs: [NoteKey(vkey: LogSimulator().vkey)],
            folder: folder.path("state"), marker: folder.path("w3.key.witness"), storage: DurableStorage(),
            limits: WitnessLimits(), clock: clock, report: { _ in })
        server = try WitnessServer(witness, on: [ListenAddress(host: "127.0.0.1", port: 0)], clock: clock)
        watch = try Watch(real: ("w3", server.addresses[0].url))
    }

    /// As a publisher asks; the status.
    private func submit(_ log: LogSimulator, from old: Int) throws -> Int {
        let text = log.checkpointText()
        let note = try SignedNote(decoding: text + [0x0A] + log.key.noteLine(log.origin, over: text))
        let proof = log.tree.consistency(from: old, to: log.size)
        let request = AddCheckpointRequest(oldSize: old, proof: proof, note: note)
        var status = 0
        let post = HTTPPost(
            url: try HTTPAddress.join(server.addresses[0].url, ["add-checkpoint"]), body: request.encoded,
            limit: 1 << 16)
        try HTTPClient().post([post], patience: .seconds(30)) { _, answer in
            status = try answer.get().status
            return HTTPPostReaction()
        }
        return status
    }

    @Test func `is silent before it has seen the log, and while it agrees`() throws {
        defer { try? server.shutDown() }
        let first = try watch.round()
        #expect(first.alarms == [])
        #expect(first.notes == ["witness w3 shows no checkpoint of this log"])
        #expect(try submit(watch.made.log, from: 0) == 200)
        let second = try watch.round()
        #expect(second.alarms == [])
        #expect(second.notes == [])
    }

    @Test func `sees through it that another tree was shown elsewhere`() throws {
        defer { try? server.shutDown() }
        #expect(try watch.ids() == [])
        let other = watch.made.log.fork(keeping: 7)
        other.append("release", "suite-stable", "6.6", [1])
        #expect(try submit(other, from: 0) == 200)
        // The source goes on without it: two of three suffice.
        watch.made.log.append("notice", "log", "1", [1])
        try watch.made.publishCheckpoint()
        let alarm = try #require(try watch.round().alarms.first)
        #expect(alarm.code == .forked)
        let fork = try ForkEvidence(decoding: watch.evidence(try #require(alarm.evidence.first))).verify()
        #expect(fork.size == 8)
        // Nor does the witness cosign the source's tree afterwards.
        #expect(try submit(watch.made.log, from: 8) == 422)
    }
}
