import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

/// The built tool, run as a process, over a log that was cosigned a minute ago by the clock that it reads.
@Suite("sceau-audit follow and proof")
struct FollowCommandTests {
    private let made: LoggedFolder
    private let folder: TemporaryFolder
    private let follow: [String]

    init() throws {
        made = try LoggedFolder()
        made.time = Date() - 60
        for state in 1...2 {
            try made.prepare(state)
            try made.published.publish()
            try made.publishLog()
        }
        folder = try TemporaryFolder()
        follow = [
            "follow", made.published.published().string, "--root",
            made.published.published("metadata/1.root.json").string, "--state", folder.path("state").string, "--once",
            "--grace", "0",
        ]
    }

    @Test func `says what it read, and ends with 0 when nothing rings`() throws {
        let run = try run(follow)
        #expect(run.status == 0)
        #expect(run.errors == [])
        #expect(run.lines.count == 4)
        #expect(run.lines.first == "note: witness w1: no address to look at")
        #expect(run.lines.last?.hasPrefix("\(made.published.published().string): 7 entries, fresh at 20") == true)
        #expect(run.lines.last?.hasSuffix("; 0 alarms") == true)
    }

    @Test func `rings on standard error and as JSON, ends with 3, and takes an acknowledgement`() throws {
        #expect(try run(follow).status == 0)
        try made.published.publish()
        let rung = try run(follow + ["--json"])
        #expect(rung.status == 3)
        #expect(
            rung.errors.first?.hasPrefix(
                "sceau-audit: alarm: [follow/unlogged] offered to instances, and not in the log") == true)
        #expect(rung.errors.last == "sceau-audit: id: unlogged/snapshot-3")
        let objects = try rung.lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        #expect(objects.map { $0?["type"] as? String } == ["alarm", "round"])
        #expect(objects.first??["id"] as? String == "unlogged/snapshot-3")
        #expect(objects.last??["alarms"] as? Int == 1)
        let acknowledged = try run(follow + ["--acknowledge", "unlogged/snapshot-3"])
        #expect(acknowledged.status == 0)
        #expect(acknowledged.lines == ["acknowledged unlogged/snapshot-3"])
        #expect(try run(follow).status == 0)
    }

    @Test func `ends with 1 when it could not look, and with 64 when the command line is wrong`() throws {
        #expect(try run(["follow", "/nowhere"] + follow.dropFirst(2)).status == 1)
        for wrong in [["--interval", "soon"], ["--witness", "w1"], ["--witness", "w9=http://127.0.0.1:1/"]] {
            #expect(try run(follow + wrong).status == 64)
        }
        #expect(try run(follow + ["--acknowledge", "nonsense"]).status == 64)
    }

    @Test func `SIGTERM ends a long run at once, with 0`() throws {
        let process = try start(follow.filter { $0 != "--once" })
        // It has looked, and waits for the next round.
        _ = process.output.fileHandleForReading.availableData
        process.process.terminate()
        process.process.waitUntilExit()
        #expect(process.process.terminationReason == .exit)
        #expect(process.process.terminationStatus == 0)
    }

    // MARK: proof

    @Test(arguments: ["metadata/1.root.json", "metadata/2.snapshot.json", "metadata/1.targets.json", "release.json"])
    func `verifies the proof of a published file under the policy in root`(name: String) throws {
        let file = name == "release.json" ? made.published.stored("1.0", name) : name
        let result = try verify(file)
        #expect(result.status == 0)
        #expect(result.lines.count == 2)
        #expect(result.lines.last?.hasPrefix("cosigned by w1, w2, w3; public at 20") == true)
    }

    @Test func `verifies the proof of a delegated role when told its name`() throws {
        #expect(try verify("metadata/2.suite-stable.json").status == 3)
        let result = try verify("metadata/2.suite-stable.json", ["--role", "suite-stable"])
        #expect(result.status == 0)
        #expect(result.lines.first == "delegated suite-stable 2 is entry 4 of \(made.log.origin), of 7 entries")
    }

    @Test func `does not verify the proof of another file, or under another policy`() throws {
        #expect(try verify("metadata/1.root.json", proof: "metadata/2.snapshot.json").status == 3)
        let policy = try folder.write(LogSimulator(origin: "another").policy(1).bytes, to: "policy")
        #expect(try verify("metadata/1.root.json", policy: policy.string).status == 3)
    }

    @Test func `verifies the evidence of a fork alone, and says who cosigned which tree`() throws {
        for witness in made.log.witnesses { witness.behaviour = .complaisant }
        let log = try NoteKey(vkey: made.log.vkey)
        let notes = [made.log.cosigned(at: made.time), made.log.secondFace(lastEntry: [1], at: made.time)]
        let checkpoints = try notes.map { try VerifiedCheckpoint.verify($0, log: log) }
        let evidence = try ForkEvidence(checkpoints[0], checkpoints[1])
        let file = try folder.write(evidence.encoded, to: "fork.txt").string
        let alone = try run(["proof", "fork", file])
        #expect(alone.status == 0)
        #expect(alone.lines.first == "the log \(made.log.vkey) signed two different trees of 7 entries:")
        let root = made.published.published("metadata/1.root.json").string
        let named = try run(["proof", "fork", file, "--policy", root])
        #expect(named.lines.dropFirst().allSatisfy { $0.hasSuffix(", cosigned by w1, w2, w3") })
        try folder.write(evidence.encoded.dropLast(), to: "fork.txt")
        #expect(try run(["proof", "fork", file]).status == 3)
    }

    private func verify(
        _ name: String, _ more: [String] = [], proof: String? = nil, policy: String? = nil
    ) throws -> (status: Int32, lines: [String], errors: [String]) {
        let proof = LogSimulator.proofPath(ofContent: try made.published.read(proof ?? name))
        return try run(
            [
                "proof", "verify", made.published.published(proof).string, "--entry",
                made.published.published(name).string, "--policy",
                policy ?? made.published.published("metadata/1.root.json").string,
            ] + more)
    }

    // MARK: processes

    private struct Running {
        let process = Process()
        let output = Pipe()
        let errors = Pipe()
    }

    private func start(_ arguments: [String]) throws -> Running {
        let tools = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let running = Running()
        running.process.executableURL = tools.appendingPathComponent("sceau-audit")
        running.process.arguments = arguments
        running.process.standardOutput = running.output
        running.process.standardError = running.errors
        try running.process.run()
        return running
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, lines: [String], errors: [String]) {
        let running = try start(arguments)
        // Both fit into a pipe.
        running.process.waitUntilExit()
        func lines(_ pipe: Pipe) -> [String] {
            String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                .split(separator: "\n").map(String.init)
        }
        return (running.process.terminationStatus, lines(running.output), lines(running.errors))
    }
}
