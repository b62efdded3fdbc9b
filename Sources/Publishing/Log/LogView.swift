import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// The log as whoever publishes looks at it. Needs no key.
package struct LogView: Sendable {
    package struct Notice: Sendable {
        package let number: Int
        package let words: String
    }

    package let policy: WitnessPolicy
    /// Nil when nothing of this log is live.
    package let live: LogReport?
    /// Entries of a tree that was signed on this machine and is not live; nil when there is none, or none is known here.
    package let waiting: Int?
    package let notices: [Notice]
    /// Of what instances are offered; nil before the first publication.
    package let fingerprint: Digest?
    package let rootVersion: Int
    package let snapshotVersion: Int

    /// Throws `.noLog` when root names none.
    package static func load(_ workspace: Workspace) throws -> LogView {
        try workspace.check()
        let policy = try workspace.loadLogPolicy()
        let former = try workspace.formerLogKeys(besides: policy.log)
        let isFormer = try former.contains {
            try LogRecord.isLive($0, at: workspace.liveCheckpoint, storage: workspace.storage)
        }
        let checkpoint =
            try isFormer
            ? nil
            : LogRecord.loadCheckpoint(workspace.liveCheckpoint, key: policy.log, storage: workspace.storage)
        let live = try checkpoint.map { try LogReport($0, policy) }
        let state = try rememberedState(workspace, policy.log)
        let published = try PublishedMetadata.load(workspace)
        return LogView(
            policy: policy, live: live,
            waiting: state.flatMap { $0.size > live?.size ?? 0 ? $0.size : nil },
            notices: (state?.ledger.notices ?? []).map { notice in
                let words = (try? LogNotice(decoding: notice.content))?.words ?? "of a kind that is not known here"
                return Notice(number: notice.number, words: words)
            },
            fingerprint: fingerprint(published), rootVersion: published.version(of: .root),
            snapshotVersion: published.version(of: .snapshot))
    }

    private static func rememberedState(_ workspace: Workspace, _ log: NoteKey) throws -> LogState? {
        guard let key = try? workspace.loadLogKeyFile(named: nil, for: log.publicKey) else { return nil }
        return try LogRecord.loadState(LogFolder(path: key.state), key: log, storage: workspace.storage)
    }

    private static func fingerprint(_ published: PublishedMetadata) -> Digest? {
        guard let root = published.root?.bytes, let snapshot = published.snapshot?.bytes else { return nil }
        return Fingerprint.offer(root: .sha256(of: root), snapshot: .sha256(of: snapshot))
    }
}
