import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// A C2SP witness: cosigns checkpoints of the logs it knows, each only when it continues the one before.
///
/// Knows nothing about HTTP but what it answers. May be asked from several threads at once.
package final class Witness: Sendable {
    /// Bytes of a request's body: the longest proof, and a note with room for the signatures of many.
    package static let requestByteLimit = AddCheckpointRequest.byteLimit

    /// What it signs with: to be named in policies.
    package let noteKey: NoteKey
    private let logs: [ByteString: WitnessedLog]
    private let keys: [ByteString: NoteKey]
    /// By the name under which a log is monitored.
    private let monitored: [ByteString: WitnessedLog]
    private let clock: @Sendable () -> Date

    /// Opens the state in `folder`, or makes it where there never was one. `marker` is a file that stays beside the key.
    ///
    /// `report` is called from any thread. Throws `WitnessFault` and `StorageFault`; nothing was cosigned then.
    package init(
        key: WitnessKey, logs keys: [NoteKey], folder: FilePath, marker: FilePath, storage: DurableStorage,
        limits: WitnessLimits = WitnessLimits(), clock: @escaping @Sendable () -> Date,
        report: @escaping @Sendable (WitnessEvent) -> Void
    ) throws {
        try Self.check(logs: keys)
        let state = try WitnessState(folder, marker: marker, key: key.noteKey, logs: keys, storage: storage)
        let logs = try keys.map { try WitnessedLog($0, key: key, storage: state, limits: limits, report: report) }
        noteKey = key.noteKey
        self.keys = Dictionary(keys.map { ($0.name, $0) }) { first, _ in first }
        self.logs = Dictionary(logs.map { ($0.log.name, $0) }) { first, _ in first }
        monitored = Dictionary(logs.map { (Self.monitoringName($0.log.name), $0) }) { first, _ in first }
        self.clock = clock
    }

    /// Throws `WitnessFault` (usage) unless these are keys of logs, at least one, each origin once.
    package static func check(logs keys: [NoteKey]) throws(WitnessFault) {
        guard !keys.isEmpty else { throw WitnessFault(.noLogs) }
        for log in keys where log.kind != .log { throw WitnessFault(.notALog, found: "\(log)") }
        for (index, log) in keys.enumerated() where keys[..<index].contains(where: { $0.name == log.name }) {
            throw WitnessFault(.twice, found: "\(log.name)")
        }
    }

    /// The file beside a key that says which state it belongs to.
    package static func marker(besideKey key: FilePath) -> FilePath {
        key.folder.appending((key.lastComponent?.string ?? "") + ".witness")
    }

    /// The folder of a log's monitoring address.
    package static func monitoringName(_ origin: ByteString) -> ByteString {
        ByteString(Digest.sha256(of: origin.bytes).hex)
    }

    /// Answers the body of a request to `/add-checkpoint`. When it returns a cosignature, the state is on the disk.
    package func addCheckpoint(_ body: [UInt8]) -> WitnessAnswer {
        let submission: Submission
        do { submission = try Submission(decoding: body, logs: keys) } catch { return error.answer }
        guard let log = logs[submission.log.name] else { return WitnessAnswer(404, "unknown log") }
        return log.add(submission, now: clock())
    }

    /// Answers a request for `/<name>/checkpoint`: the checkpoint that was cosigned last.
    package func latestCheckpoint(_ name: ByteString) -> WitnessAnswer {
        guard let log = monitored[name] else { return WitnessAnswer(404, "unknown log") }
        do {
            guard let note = try log.latestNote() else { return WitnessAnswer(404, "nothing was cosigned yet") }
            return WitnessAnswer(200, note)
        } catch {
            return WitnessAnswer(500, "this witness cannot read its state")
        }
    }
}
