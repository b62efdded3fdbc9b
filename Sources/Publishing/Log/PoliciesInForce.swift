import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// The policies that what is published now has to satisfy, so that every instance takes it: one that holds the newest
/// root, one that comes from the root before, and one that does not yet believe in a weakening.
struct PoliciesInForce {
    /// Longer than instances wait: their clocks, and ours.
    private static let notice = PolicyInForce.notice + 86_400

    /// Of the newest root; of the one before when that root names no policy any more.
    let newest: WitnessPolicy
    /// Of earlier roots, the newest first.
    let older: [WitnessPolicy]

    /// Nil when neither the newest root names a policy nor, while that root is new, the one before.
    init?(_ set: PublicationSet, over published: PublishedMetadata, in workspace: Workspace, now: Date) throws {
        var roots = published.roots.map(\.content)
        // After a stop the new root may be live already; for this publication it is new all the same.
        let isNew = set.signedRoles.contains { $0.role == .root }
        if isNew, let root = try set.root(over: published), root.header.version > roots.count { roots.append(root) }
        let policies = try roots.map { try Self.policy(of: $0) }
        let steps = policies.indices.dropFirst().reversed()
        var older: [WitnessPolicy] = []
        for step in steps {
            guard let before = policies[step - 1] else { break }
            let isLast = isNew && step == policies.count - 1
            guard try isLast || Self.isRecent(published.roots, step, before, workspace, now) else { continue }
            if isLast || policies[step]?.isWeaker(than: before) ?? true { older.append(before) }
        }
        if let newest = policies.last ?? nil {
            self.newest = newest
        } else {
            guard isNew, !older.isEmpty else { return nil }
            newest = older.removeFirst()
        }
        self.older = older
    }

    /// The policy of one root; nil when it names none.
    static func policy(of root: Root) throws -> WitnessPolicy? {
        do {
            return try root.witnessPolicy.map { try WitnessPolicy(decoding: $0) }
        } catch let fault as any ReportableFault {
            throw PublishingFault(
                .invalidWitnessPolicy, found: "[\(fault.codeText)] \(fault.message)",
                at: "root version \(root.header.version)")
        }
    }

    /// Whether the root of `step` went live not long ago: its proof says when. Without one it counts as recent.
    private static func isRecent(
        _ roots: [UnverifiedMetadata<Root>], _ step: Int, _ before: WitnessPolicy, _ workspace: Workspace, _ now: Date
    ) throws -> Bool {
        let path = LogPaths.proof(of: .sha256(of: roots[step].bytes), in: workspace.liveLog)
        guard let bytes = try workspace.storage.readIfPresent(path, limit: TlogProof.byteLimit),
            let proof = try? TlogProof(decoding: bytes),
            let checkpoint = try? before.verify(proof.note.encoded)
        else { return true }
        return checkpoint.publicAt + notice > now
    }

    var all: [WitnessPolicy] { [newest] + older }

    /// Each witness once.
    var witnesses: [WitnessToAsk] {
        var seen: Set<[UInt8]> = []
        return all.flatMap(\.witnesses).filter { seen.insert($0.key.publicKey).inserted }.map { WitnessToAsk($0) }
    }

    var witnessKeys: [NoteKey] { all.flatMap { $0.witnesses.map(\.key) } }

    func isSatisfied(by publicKeys: Set<[UInt8]>) -> Bool { all.allSatisfy { $0.isSatisfied(by: publicKeys) } }

    /// What instances check of a checkpoint, whatever their own floor.
    func rules(now: Date) -> CheckpointRules {
        CheckpointRules(
            policy: newest, older: older.map { PolicyInForce($0, until: .distantFuture) }, freshness: nil, now: now)
    }
}
