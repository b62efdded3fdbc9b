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

    /// Of the newest root; of the one before when that root has just ceased to name one.
    let newest: WitnessPolicy
    /// Of earlier roots, the newest first.
    let older: [WitnessPolicy]
    /// Keys of other logs that earlier roots named, the newest first.
    let formerLogs: [NoteKey]
    /// What was in force for the last of them, when its log is another than `newest` names: it vouches for the root that
    /// ended it.
    private let former: [WitnessPolicy]

    /// Nil when neither the newest root names a policy nor, while that root is new, the one before. A root that names one
    /// again has to satisfy the last one named, like any other, and so have the roots in between: instances ask.
    ///
    /// - Parameter isAbandoning: the new root is published without those who would have to vouch for it by the root before.
    init?(
        _ set: PublicationSet, over published: PublishedMetadata, in workspace: Workspace, now: Date,
        isAbandoning: Bool = false
    ) throws {
        var roots = published.roots.map(\.content)
        // After a stop the new root may be live already; for this publication it is new all the same.
        let isNew = set.signedRoles.contains { $0.role == .root }
        if isNew, let root = try set.root(over: published), root.header.version > roots.count { roots.append(root) }
        let policies = try roots.map { try Self.policy(of: $0) }
        let steps = policies.indices.dropFirst().reversed()
        var (older, former): ([WitnessPolicy], [WitnessPolicy]) = ([], [])
        for step in steps {
            guard let before = policies.asked(at: step) else { break }
            let isLast = isNew && step == policies.count - 1
            guard
                try isLast
                    ? !isAbandoning
                    : Self.isRecent(published.roots, step, before, workspace, now, isAbandoning: isAbandoning)
            else { continue }
            let isWeaker = policies[step]?.isWeaker(than: before) ?? true
            let isMove = before.isOfOtherLog(than: policies[step])
            if isLast, isMove { former.append(before) }
            if isWeaker || (isLast && !isMove), !older.contains(before) { older.append(before) }
        }
        if let newest = policies.last ?? nil {
            self.newest = newest
        } else {
            // One more that names none waits for the next that does: there is no log to put it into.
            guard isNew, !isAbandoning, policies.dropLast().last.flatMap(\.self) != nil, !older.isEmpty
            else { return nil }
            newest = older.removeFirst()
        }
        if let last = former.first { former += older.filter { $0 != last && $0.log == last.log } }
        (self.older, self.former) = (older, former)
        let log = newest.log
        formerLogs = policies.reversed().compactMap { $0?.log }.filter { $0 != log }.uniqued
    }

    private init(_ policies: [WitnessPolicy], former: [NoteKey]) {
        newest = policies[0]
        older = Array(policies.dropFirst())
        formerLogs = former
        self.former = []
    }

    /// What the log that ends with this publication has to satisfy; nil when none ends.
    var ending: PoliciesInForce? {
        guard let last = former.first?.log else { return nil }
        return PoliciesInForce(former, former: formerLogs.filter { $0 != last })
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

    /// Whether the root of `step` went live not long ago: its proof says when. Without one it is still to be proved, and
    /// counts as recent, unless those who would have to vouch for it are given up. One whose proof shows no quorum of the
    /// policy before was published without it, and is asked about by no instance.
    private static func isRecent(
        _ roots: [UnverifiedMetadata<Root>], _ step: Int, _ before: WitnessPolicy, _ workspace: Workspace, _ now: Date,
        isAbandoning: Bool
    ) throws -> Bool {
        let path = LogPaths.proof(of: .sha256(of: roots[step].bytes), in: workspace.liveLog)
        guard let bytes = try workspace.storage.readIfPresent(path, limit: TlogProof.byteLimit),
            let proof = try? TlogProof(decoding: bytes)
        else { return !isAbandoning }
        guard let checkpoint = try? before.verify(proof.note.encoded) else { return false }
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

extension WitnessPolicy {
    fileprivate func isOfOtherLog(than next: WitnessPolicy?) -> Bool { next.map { $0.log != log } ?? false }
}

extension [NoteKey] {
    /// Each once, where it stands first.
    fileprivate var uniqued: [NoteKey] {
        var seen: Set<NoteKey> = []
        return filter { seen.insert($0).inserted }
    }
}
