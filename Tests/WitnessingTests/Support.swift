import DurableStorage
import Foundation
import Primitives
import SecretKeys
import Signatures
import Synchronization
import SystemPackage
import TestSupport
import TransparencyLog
import Witnessing

struct TestSigner: Signer {
    let key: TestKey

    var publicKey: PublicKey { key.publicKey }
    func sign(_ message: [UInt8]) throws -> [UInt8] { key.sign(message) }
}

/// A clock that stands still until the test moves it.
final class TestClock: Sendable {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)
    private let time = Mutex(start)

    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

/// What a witness reported, as words.
final class Reports: Sendable {
    private let all = Mutex<[String]>([])

    var words: [String] { all.withLock { $0 } }

    func add(_ event: WitnessEvent) {
        let word =
            switch event {
            case .cosigned(_, let size): "cosigned \(size)"
            case .contradiction(_, let held, let shown, let evidence):
                "contradiction \(held) \(shown) \(evidence == nil ? "without" : "with") evidence"
            case .clockBehind(_, let seconds): "clock behind \(seconds)"
            case .notStored(_, let fault): "not stored \(fault.codeText)"
            }
        all.withLock { $0.append(word) }
    }
}

/// A folder, a key and a log, and witnesses that run over them one after the other, or at the same time.
final class Bench {
    let folder: TemporaryFolder
    let clock = TestClock()
    let reports = Reports()
    let log: LogSimulator
    let key: WitnessKey
    var limits = WitnessLimits()

    init(
        _ folder: TemporaryFolder? = nil, entries: Int = 300, key name: String = "witness",
        as keyName: ByteString = "witness.example/w"
    ) throws {
        self.folder = try folder ?? TemporaryFolder(in: TemporaryFolder.inMemory)
        log = LogSimulator(witnesses: 0)
        for index in 0..<entries { log.append(Array("entry \(index)".utf8)) }
        key = try WitnessKey(TestSigner(key: TestKey(name)), name: keyName)
    }

    var state: FilePath { folder.path("state") }
    var marker: FilePath { folder.path("w.key.witness") }
    var logKey: NoteKey { get throws { try NoteKey(vkey: log.vkey) } }
    /// The state file of the log.
    var logFile: String { "state/logs/\(Witness.monitoringName(log.origin))" }

    func witness(
        _ storage: DurableStorage = DurableStorage(), logs: [NoteKey]? = nil, key: WitnessKey? = nil
    ) throws -> Witness {
        let (clock, reports) = (clock, reports)
        return try Witness(
            key: key ?? self.key, logs: logs ?? [logKey], folder: state, marker: marker, storage: storage,
            limits: limits, clock: { clock.now }, report: { reports.add($0) })
    }

    /// The body of add-checkpoint, right unless the test says otherwise.
    func request(
        _ old: Int, _ size: Int, of other: LogSimulator? = nil, proof: [Digest]? = nil, lines: [UInt8] = []
    ) -> [UInt8] {
        let log = other ?? log
        let text = log.checkpointText(size: size)
        let proof = proof ?? (old > 0 && old < size ? log.tree.consistency(from: old, to: size) : [])
        let hashes = proof.map { Base64.encode($0.bytes) + "\n" }.joined()
        return Array("old \(old)\n\(hashes)\n".utf8) + text + [0x0A] + log.key.noteLine(log.origin, over: text) + lines
    }

    /// What the witness shows of the log: size and note, or nil.
    func shown(_ witness: Witness) throws -> (size: Int, time: Int)? {
        let answer = witness.latestCheckpoint(Witness.monitoringName(log.origin))
        guard answer.status == 200 else { return nil }
        let verified = try VerifiedCheckpoint.verify(answer.body, log: logKey)
        guard let time = try verified.cosignatures(by: [key.noteKey]).first?.time else { return nil }
        return (verified.head.size, time)
    }
}

extension WitnessAnswer {
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The time of the one cosignature, which holds for `text`.
    func time(over text: [UInt8], by key: NoteKey) throws -> Int? {
        let lines = try NoteSignature.decode(lines: body)
        guard lines.count == 1, let line = lines.first, line.isNamed(key), line.payload.count == 72 else { return nil }
        let time = line.payload.prefix(8).reduce(0) { $0 << 8 | Int($1) }
        let message = Array("cosignature/v1\ntime \(time)\n".utf8) + text
        let holds = Ed25519.isValid(
            signature: Array(line.payload.dropFirst(8)), for: message, publicKey: key.publicKey)
        return holds ? time : nil
    }
}

/// The fault that `body` throws.
func fault(_ body: () throws -> Void) -> (any ReportableFault)? {
    do { try body() } catch { return error as? any ReportableFault }
    return nil
}
