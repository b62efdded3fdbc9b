import FoundationEssentials
import Primitives
import Signatures
import TransparencyLog

/// Judges the proofs of entries, in the order of the entries. Signatures of a checkpoint are verified once for all the
/// proofs that hold it.
struct ProofAudit {
    private struct Verified {
        let policyText: ByteString
        let checkpoint: WitnessedCheckpoint
    }

    private let policies: RootPolicies
    private let log: NoteKey?
    /// The newest root logged so far.
    var newestRoot = 0
    private var recent: [Verified] = []
    /// What proofs say of trees that are larger than what was read so far.
    private var promised: [Int: [(root: Digest, place: PublishedPath)]] = [:]
    /// Proofs whose checkpoint is of another tree than the entries make.
    private(set) var contradicted: [PublishedPath] = []

    private static let remembered = 8

    init(policies: RootPolicies) {
        self.policies = policies
        log = policies.newest?.policy.log
    }

    /// The checkpoint of the proof of the entry at `index`. `edge` is that of the tree with this entry as its last one.
    mutating func verify(
        _ file: [UInt8], of entry: LogEntry, leaf: Digest, at index: Int, path: PublishedPath, edge: RightEdge
    ) throws(LogFault) -> WitnessedCheckpoint {
        let proof = try TlogProof(decoding: file)
        let (policy, witnessed) = try verifyNote(proof.note, of: entry)
        let head = witnessed.head
        try proof.inclusion.check(leaf: leaf, in: head)
        guard policy.log == log else { return witnessed }
        guard proof.index == index else {
            throw LogFault(.wrongProof, found: "index \(proof.index)", expected: "\(index)")
        }
        promised[head.size, default: []].append((head.root, path))
        compare(edge.head)
        return witnessed
    }

    /// To be told of each size of the log.
    mutating func compare(_ head: TreeHead) {
        contradicted += (promised.removeValue(forKey: head.size) ?? []).filter { $0.root != head.root }.map(\.place)
    }

    private mutating func verifyNote(
        _ note: SignedNote, of entry: LogEntry
    ) throws(LogFault) -> (WitnessPolicy, WitnessedCheckpoint) {
        var first: LogFault?
        for policy in candidates(for: entry) {
            if let known = recent.first(where: { $0.checkpoint.note == note && $0.policyText == policy.text }) {
                return (policy, known.checkpoint)
            }
            do {
                let checkpoint = try policy.verify(VerifiedCheckpoint.verify(note, log: policy.log))
                recent.append(Verified(policyText: policy.text, checkpoint: checkpoint))
                if recent.count > Self.remembered { recent.removeFirst() }
                return (policy, checkpoint)
            } catch {
                if first == nil { first = error }
            }
        }
        throw first ?? LogFault(.wrongProof)
    }

    private func candidates(for entry: LogEntry) -> [WitnessPolicy] {
        if entry.kind == .root, let version = entry.number {
            if let predecessor = policies.predecessor(of: version) { return [predecessor] }
            return policies.since(version).map(\.policy)
        }
        let all = policies.since(0).map(\.policy)
        // After a root that dropped the policy, the last one is all there is to ask for.
        let current = policies.since(min(newestRoot, policies.newest?.version ?? 0)).map(\.policy)
        return current + all.filter { $0.log != log }
    }
}
