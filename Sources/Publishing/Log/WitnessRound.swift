import FoundationEssentials
import Primitives
import TransparencyLog

/// A witness, as a policy names it.
package struct WitnessToAsk: Hashable, Sendable {
    /// As the policy calls it: for people.
    package let name: ByteString
    /// Its key, `<name>+<8 hex digits>+<base64>`, of type 04.
    package let vkey: ByteString
    /// What `/add-checkpoint` is appended to. Empty: the policy does not say, and this witness cannot be asked.
    package let url: ByteString

    package init(name: ByteString, vkey: ByteString, url: ByteString) {
        self.name = name
        self.vkey = vkey
        self.url = url
    }

    package init(_ witness: WitnessPolicy.Witness) {
        self.init(name: witness.name, vkey: witness.key.vkey, url: witness.url ?? "")
    }
}

/// A checkpoint, and whom to ask to cosign it.
package struct WitnessRoundRequest {
    /// With the log's signature; other lines are not sent. Durable already: a witness that has seen a tree which we forget
    /// would call our next one a fork.
    package let checkpoint: VerifiedCheckpoint
    package let witnesses: [WitnessToAsk]
    /// What is known of the size that a witness saw last, by its vkey. A wrong guess costs one exchange more.
    package var knownSizes: [ByteString: Int] = [:]
    /// The consistency proof from the tree of `oldSize`, which is above 0 and below the checkpoint's.
    package let proof: (_ oldSize: Int) throws -> ConsistencyProof
    /// Whether cosignatures by these public keys are enough.
    package let isEnough: (_ publicKeys: Set<[UInt8]>) -> Bool
    /// Our time. Cosignatures more than a day away from it are not taken: with one of the past in the quorum every instance
    /// would refuse the checkpoint as stale, and one of the future would stay the newest of its witness. Nil: any will do.
    package let now: Date?

    package init(
        checkpoint: VerifiedCheckpoint, witnesses: [WitnessToAsk], knownSizes: [ByteString: Int] = [:],
        now: Date? = nil, proof: @escaping (_ oldSize: Int) throws -> ConsistencyProof,
        isEnough: @escaping (_ publicKeys: Set<[UInt8]>) -> Bool
    ) {
        self.checkpoint = checkpoint
        self.witnesses = witnesses
        self.knownSizes = knownSizes
        self.now = now
        self.proof = proof
        self.isEnough = isEnough
    }
}

/// What one witness answered.
package enum WitnessOutcome: Hashable, Sendable {
    /// A line that holds, by the witness's key, and its time (POSIX seconds).
    case cosigned(line: NoteSignature, time: Int)
    /// It shows a larger tree, signed by our log's key, than we have: our log was set back, or somebody else has its key. A
    /// fork.
    case knowsLargerTree(size: Int)
    /// It shows a tree of this size, signed by our log's key, of which ours is no continuation. A fork as well.
    case knowsOtherTree(size: Int)
    /// It refuses, in its own words.
    case refused(status: Int, words: ByteString)
    /// Its answer cannot be used: no signature by its key, one that does not verify, a size that is none.
    case unusable(reason: String)
    /// No answer over the network, or an address that is none.
    case unreachable(reason: String)

    /// Whether this means that our log has two pasts. Then nothing must be published.
    package var isFork: Bool {
        switch self {
        case .knowsLargerTree, .knowsOtherTree: true
        default: false
        }
    }
}

/// What came of asking one witness.
package struct WitnessReport: Hashable, Sendable {
    package let witness: WitnessToAsk
    package let outcome: WitnessOutcome
    /// The size of the tree it holds now, where that is known: next time's guess.
    package let size: Int?

    package init(witness: WitnessToAsk, outcome: WitnessOutcome, size: Int?) {
        self.witness = witness
        self.outcome = outcome
        self.size = size
    }
}

/// What came of asking all of them, in the order of the request.
package struct WitnessRoundResult: Hashable, Sendable {
    package let reports: [WitnessReport]
    /// Whether the cosignatures satisfy the request's `isEnough`.
    package let isEnough: Bool

    package init(reports: [WitnessReport], isEnough: Bool) {
        self.reports = reports
        self.isEnough = isEnough
    }

    /// The lines to add to the checkpoint, in the order of the request.
    package var lines: [NoteSignature] {
        reports.compactMap { report in
            if case .cosigned(let line, _) = report.outcome { line } else { nil }
        }
    }

    /// Those who say that our log is not the one they know.
    package var forks: [WitnessReport] { reports.filter(\.outcome.isFork) }
    /// By vkey, for the next round.
    package var sizes: [ByteString: Int] {
        Dictionary(reports.compactMap { report in report.size.map { (report.witness.vkey, $0) } }) { first, _ in first }
    }
}

/// Asks witnesses to cosign a checkpoint.
package protocol WitnessRound {
    /// All at once. Returns when all have answered, or some time after enough of them have, or when the time is up;
    /// who did not answer is in the result, not thrown. Throws what the request's `proof` throws, and what keeps us from
    /// asking anybody at all.
    func ask(_ request: WitnessRoundRequest) throws -> WitnessRoundResult
}
