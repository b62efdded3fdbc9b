import DurableStorage
import FoundationEssentials
import Primitives
import Publishing
import SecretKeys
import Signatures
import Synchronization
import SystemPackage
import TestSupport
import TransparencyLog
import Witnessing

/// The witnesses `Witnesses` writes policies about, each with real state in the association's folder, asked without a
/// network in between.
final class WitnessesAtWork: WitnessRound {
    private let folder: FilePath
    private let now: Date
    private let absent: Set<String>
    /// Every tree that any witness was shown.
    let shown: Shown

    final class Shown: Sendable {
        private let texts = Mutex<[[UInt8]]>([])
        func add(_ text: [UInt8]) { texts.withLock { $0.append(text) } }
        var all: [[UInt8]] { texts.withLock { $0 } }
    }

    init(in folder: FilePath, now: Date, absent: Set<String>, shown: Shown) {
        self.folder = folder
        self.now = now
        self.absent = absent
        self.shown = shown
    }

    func ask(_ request: WitnessRoundRequest) throws -> WitnessRoundResult {
        let reports = try request.witnesses.map { try ask($0, request) }
        let agreed = try reports.compactMap { report in
            if case .cosigned = report.outcome { try NoteKey(vkey: report.witness.vkey).publicKey } else { nil }
        }
        return WitnessRoundResult(reports: reports, isEnough: request.isEnough(Set(agreed)))
    }

    private func ask(_ witness: WitnessToAsk, _ request: WitnessRoundRequest) throws -> WitnessReport {
        guard !absent.contains("\(witness.name)") else {
            return WitnessReport(witness: witness, outcome: .unreachable(reason: "no answer in time"), size: nil)
        }
        let real = try open("\(witness.name)", log: request.checkpoint.log)
        var old = request.knownSizes[witness.vkey] ?? 0
        for _ in 0..<2 {
            let answer = real.addCheckpoint(try body(from: old, request))
            if answer.status == 409 {
                old = try WitnessedSize.decode(answer.body)
                guard old <= request.checkpoint.head.size else {
                    return WitnessReport(witness: witness, outcome: .knowsLargerTree(size: old), size: old)
                }
                continue
            }
            guard answer.status == 200 else {
                let isOther = answer.status == 422 && old > 0
                return WitnessReport(
                    witness: witness,
                    outcome: isOther ? .knowsOtherTree(size: old) : .refused(status: answer.status, words: ""),
                    size: old)
            }
            let line = try NoteSignature.decode(lines: answer.body)[0]
            return WitnessReport(
                witness: witness, outcome: .cosigned(line: line, time: Int(now.timeIntervalSince1970)),
                size: request.checkpoint.head.size)
        }
        return WitnessReport(witness: witness, outcome: .unusable(reason: "it changes its mind"), size: nil)
    }

    private func body(from old: Int, _ request: WitnessRoundRequest) throws -> [UInt8] {
        shown.add(request.checkpoint.note.text)
        let grows = old > 0 && old < request.checkpoint.head.size
        return AddCheckpointRequest(
            oldSize: old, proof: grows ? try request.proof(old).hashes : [], note: request.checkpoint.note
        ).encoded
    }

    private func open(_ name: String, log: NoteKey) throws -> Witness {
        let now = now
        let place = folder.appending("\(name)")
        try DurableStorage().makeDirectory(folder)
        return try Witness(
            key: WitnessKey(TestSigner(TestKey("witness \(name)")), name: ByteString("\(name).example/w")), logs: [log],
            folder: place, marker: folder.appending("\(name).marker"), storage: DurableStorage(), clock: { now },
            report: { _ in })
    }
}

/// A test key where secret keys are wanted.
struct TestSigner: Signer {
    private let key: TestKey

    init(_ key: TestKey) { self.key = key }

    var publicKey: PublicKey { key.publicKey }
    func sign(_ message: [UInt8]) -> [UInt8] { key.sign(message) }
}

extension Association {
    /// As `sceau publish` has them: the key that is remembered, and real witnesses.
    func logPorts(storage: DurableStorage = DurableStorage()) -> LogPorts {
        let workspace = workspace(storage)
        let witnesses = WitnessesAtWork(
            in: folder.path("witnesses"), now: now, absent: absentWitnesses, shown: shownToWitnesses)
        return LogPorts(witnesses: witnesses, isAbandoning: abandonsFormerWitnesses) { publicKey in
            // Copies of an association stand in other folders than the one where the key was made.
            let next = nextLogKeyFile.flatMap {
                try? workspace.loadLogKeyFile(named: folder.path($0), for: publicKey)
            }
            let key = try next ?? workspace.loadLogKeyFile(named: folder.path(logKeyFile), for: publicKey)
            return (key, try key.file.secretKey(passphrase: nil))
        }
    }

    /// The log that is live.
    func liveLog() throws -> LogReading { try LogReading(folder.path("w/Releases/log")) }
}

/// A log as anybody can read it, without the module's own reader: every entry of the live checkpoint.
struct LogReading {
    let note: [UInt8]
    let head: TreeHead
    let entries: [LogEntry]

    init(_ folder: FilePath) throws {
        let storage = DurableStorage()
        note = try storage.read(folder.appending("checkpoint"), limit: 1 << 20)
        head = try Checkpoint(decoding: SignedNote(decoding: note).text).head
        entries = try BundleID.needed(size: head.size).flatMap { bundle in
            let bytes = try storage.read(folder.appending("\(bundle.path)"), limit: 1 << 25)
            return try EntryBundle.decode(bytes, width: bundle.width).map { try LogEntry(decoding: $0) }
        }
    }

    var names: [String] { entries.map(\.name) }
}
