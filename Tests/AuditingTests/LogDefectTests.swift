import Auditing
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing

/// One thing that is wrong with a log, and exactly what an audit must say of it.
struct LogDefect: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let publish: @Sendable () throws -> LoggedFolder
    /// `code location`; `*` in a location stands for one digest.
    let finds: [String]

    static func after(
        _ name: String, finds: [String], _ damage: @escaping @Sendable (LoggedFolder) throws -> Void
    ) -> LogDefect {
        LogDefect(
            testDescription: name,
            publish: {
                let made = try LoggedFolder.threeStates()
                try damage(made)
                return made
            }, finds: finds)
    }

    /// `bend` is called before state 1, 2 and 3 are published and logged.
    static func during(
        _ name: String, finds: [String], _ bend: @escaping @Sendable (LoggedFolder, Int) throws -> Void
    ) -> LogDefect {
        LogDefect(
            testDescription: name, publish: { try LoggedFolder.threeStates(bend) }, finds: finds)
    }

    func check() throws {
        let made = try publish()
        let report = try made.published.audit()
        let digest = /[0-9a-f]{64}/
        let found = report.findings.map { "\($0.codeText) \($0.location ?? "-")".replacing(digest, with: "*") }
        #expect(found.sorted() == finds.sorted())
        #expect(report.exitStatus == 3)
    }
}

@Suite("A log with one defect")
struct LogDefectTests {
    @Test(arguments: files) func `in its files`(_ defect: LogDefect) throws { try defect.check() }
    @Test(arguments: checkpoints) func `in its checkpoint`(_ defect: LogDefect) throws { try defect.check() }
    @Test(arguments: proofs) func `in a proof`(_ defect: LogDefect) throws { try defect.check() }
    @Test(arguments: entries) func `in its entries`(_ defect: LogDefect) throws { try defect.check() }
    @Test(arguments: policies) func `in the policy`(_ defect: LogDefect) throws { try defect.check() }

    private static let bundle = "log/tile/entries/000.p/11"
    private static let tile = "log/tile/0/000.p/11"

    private static func flip(_ name: String, at index: Int) -> @Sendable (LoggedFolder) throws -> Void {
        { made in
            var bytes = try made.published.read(name)
            bytes[index] ^= 1
            try made.published.replace(name, with: bytes)
        }
    }

    static let files: [LogDefect] = [
        .after("one bit of a tile", finds: ["audit/tile-differs \(tile)"], flip(tile, at: 40)),
        .after("a tile that is gone", finds: ["audit/missing \(tile)"]) { try $0.published.remove(tile) },
        .after("a tile that is too short", finds: ["audit/tile-differs \(tile)"]) { made in
            try made.published.replace(tile, with: made.published.read(tile).dropLast())
        },
        .after("a tile of a former size", finds: ["audit/tile-differs log/tile/0/000.p/4"]) { made in
            try flip("log/tile/0/000.p/4", at: 5)(made)
        },
        .after("a tile of a former size, longer than it was", finds: ["audit/too-long log/tile/0/000.p/4"]) { made in
            let name = "log/tile/0/000.p/4"
            try made.published.replace(name, with: made.published.read(name) + [0, 0])
        },
        .after("a bundle of a former size", finds: ["audit/tile-differs log/tile/entries/000.p/7"]) { made in
            try flip("log/tile/entries/000.p/7", at: 500)(made)
        },
        .after("a tile that nothing needs", finds: ["audit/orphan log/tile/0/000.p/12"]) { made in
            try made.published.replace("log/tile/0/000.p/12", with: [1])
        },
        .after("a file that nothing names", finds: ["audit/orphan log/proofs/secret"]) { made in
            try made.published.replace("log/proofs/secret", with: [1])
        },
        .after("a bundle that is gone", finds: ["audit/missing \(bundle)"]) { made in
            try made.published.remove(bundle)
        },
        .after("a bundle that is too short", finds: ["audit/log-malformed \(bundle)"]) { made in
            try made.published.replace(bundle, with: made.published.read(bundle).dropLast())
        },
        .after(
            "one bit of an entry's content",
            finds: [
                "audit/log-malformed log entry 10", "audit/log-root-differs log/checkpoint",
                "audit/tile-differs \(tile)", "audit/orphan log/proofs/*.tlog-proof",
            ]
        ) { made in
            try flip(bundle, at: try made.published.read(bundle).count - 2)(made)
        },
    ]

    static let checkpoints: [LogDefect] = [
        .after(
            "none", finds: ["audit/log-missing log/checkpoint"]
        ) { try $0.published.remove("log/checkpoint") },
        .after("the cosignature of one witness only", finds: ["audit/checkpoint-invalid log/checkpoint"]) { made in
            for witness in made.log.witnesses.dropFirst() { witness.behaviour = .absent }
            try made.publishCheckpoint()
        },
        .after(
            "another log's signature",
            finds: ["audit/checkpoint-invalid log/checkpoint"]
        ) { made in
            let text = made.log.checkpointText()
            let line = TestKey("mallory").noteLine(made.log.origin, over: text)
            try made.published.replace("log/checkpoint", with: text + [0x0A] + line)
        },
        .after(
            "it is an older one",
            finds: ["audit/orphan \(tile)", "audit/orphan \(bundle)"]
                + [String](repeating: "audit/orphan log/proofs/*.tlog-proof", count: 4)
                + [
                    "audit/unlogged metadata/2.root.json", "audit/unlogged metadata/3.snapshot.json",
                    "audit/unlogged metadata/3.suite-stable.json",
                    "audit/unlogged targets/suite/stable/1.1/*.release.json",
                ]
        ) { made in
            made.log.rewind(to: 1)
            try made.log.write(to: made.published.published())
        },
        .after(
            "it is of another tree",
            finds: ["audit/log-root-differs log/checkpoint"]
        ) { made in
            for witness in made.log.witnesses { witness.behaviour = .complaisant }
            let note = made.log.secondFace(lastEntry: [1], at: made.time)
            try made.published.replace("log/checkpoint", with: note)
        },
    ]

    private static func proof(_ made: LoggedFolder, of name: String) throws -> String {
        LogSimulator.proofPath(ofContent: try made.published.read(name))
    }

    static let proofs: [LogDefect] = [
        .after("it is gone", finds: ["audit/missing log/proofs/*.tlog-proof"]) { made in
            try made.published.remove(proof(made, of: "metadata/2.snapshot.json"))
        },
        .after("it is another entry's", finds: ["audit/proof-invalid log/proofs/*.tlog-proof"]) { made in
            let other = try made.published.read(proof(made, of: "metadata/1.snapshot.json"))
            try made.published.replace(proof(made, of: "metadata/2.snapshot.json"), with: other)
        },
        .after("its note has one witness", finds: ["audit/proof-invalid log/proofs/*.tlog-proof"]) { made in
            for witness in made.log.witnesses.dropFirst() { witness.behaviour = .absent }
            let bytes = made.log.proof(of: 5, note: made.log.cosigned(at: made.time))
            try made.published.replace(proof(made, of: "metadata/2.snapshot.json"), with: bytes)
        },
        .after("its checkpoint is of another tree", finds: ["audit/log-forked log/proofs/*.tlog-proof"]) { made in
            for witness in made.log.witnesses { witness.behaviour = .complaisant }
            let other = made.log.fork(keeping: 10)
            other.append([1])
            let bytes = other.proof(of: 5, note: other.cosigned(at: made.time))
            try made.published.replace(proof(made, of: "metadata/2.snapshot.json"), with: bytes)
        },
    ]

    static let entries: [LogDefect] = [
        .after("a snapshot that was published and not logged", finds: ["audit/unlogged metadata/4.snapshot.json"]) {
            try $0.published.publish()
        },
        .after(
            "a release that was published and not logged",
            finds: [
                "metadata/4.snapshot.json", "metadata/4.suite-stable.json",
                "targets/suite/stable/6.6/*.release.json",
            ].map { "audit/unlogged \($0)" }
        ) { made in
            made.published.channel.header.version = 4
            try made.published.addRelease("6.6")
            try made.published.publish()
        },
        .during(
            "a release of which only release.json was not logged",
            finds: ["audit/unlogged targets/suite/stable/1.1/*.release.json"]
        ) { made, state in
            if state == 3 { made.leaveOut = "release suite-stable 1.1 " }
        },
        .after(
            "a snapshot that was logged and not published",
            finds: ["audit/logged-not-published metadata/4.snapshot.json"]
        ) {
            $0.log.append("snapshot", "snapshot", "4", [1])
            try $0.publishCheckpoint()
        },
        .after(
            "a release that was logged and is listed nowhere",
            finds: ["audit/logged-not-published targets/suite/stable/6.6/*.release.json"]
        ) { made in
            let content = try made.published.read(made.published.stored("1.1", "release.json"))
            let text = String(decoding: content, as: UTF8.self).replacing("1.1", with: "6.6")
            made.log.append("release", "suite-stable", "6.6", Array(text.utf8))
            try made.publishCheckpoint()
        },
        .after("a release whose release.json is of another", finds: ["audit/manifest-disagrees log entry 11"]) { made in
            let content = try made.published.read(made.published.stored("1.1", "release.json"))
            let text = String(decoding: content, as: UTF8.self).replacing("1.1", with: "6.7")
            made.log.append("release", "suite-stable", "6.6", Array(text.utf8))
            try made.publishCheckpoint()
        },
        .after(
            "a second content of a version",
            finds: ["audit/log-rule-broken log entry 11"]
        ) { made in
            made.log.append("snapshot", "snapshot", "3", [1])
            try made.publishCheckpoint()
        },
        .after(
            "a gap",
            finds: ["audit/log-rule-broken log entry 11", "audit/logged-not-published metadata/5.snapshot.json"]
        ) { made in
            made.log.append("snapshot", "snapshot", "5", [1])
            try made.publishCheckpoint()
        },
        .after("something that is no entry", finds: ["audit/log-malformed log entry 11"]) { made in
            made.log.append([1, 2, 3])
            try made.publishCheckpoint(proofs: false)
        },
        .after(
            "a file that was published otherwise than logged",
            finds: ["audit/logged-other-content metadata/3.root.json", "audit/wrong-version metadata/3.root.json"]
        ) { made in
            try made.published.nextRoot()
            try made.publishLog()
            try made.published.replace("metadata/3.root.json", with: made.published.read("metadata/2.root.json"))
        },
    ]

    static let policies: [LogDefect] = [
        .during("it is dropped", finds: ["audit/policy-dropped metadata/3.root.json"]) { made, state in
            if state == 3 { try made.published.nextRoot { try made.setPolicy(nil) } }
        },
        .during(
            "it cannot be read", finds: ["policy-dropped", "policy-invalid"].map { "audit/\($0) metadata/3.root.json" }
        ) { made, state in
            if state == 3 { try made.published.nextRoot { try made.setPolicy("quorum none\n") } }
        },
    ]
}
