import Primitives
import TransparencyLog

/// What to do with a submission.
enum Judgement {
    /// The tree continues the one that was cosigned last, and is larger, or is the first.
    case cosign(VerifiedCheckpoint)
    /// The same tree again.
    case refresh(VerifiedCheckpoint, CosignedCheckpoint)

    /// Throws a 409 or 422, in this order.
    static func judge(_ submission: Submission, held: HeldCheckpoint) throws(Refusal) -> Judgement {
        guard submission.oldSize == held.size else { throw .conflict(heldSize: held.size) }
        guard let checkpoint = submission.checkpoint else {
            throw Refusal(422, "a tree of no entries has another root")
        }
        do { try submission.proof.check(from: held.head, to: checkpoint.head) } catch {
            throw Refusal(422, error.message)
        }
        if case .cosigned(let last) = held, last.checkpoint.head == checkpoint.head {
            return .refresh(checkpoint, last)
        }
        return .cosign(checkpoint)
    }
}

/// The time to cosign at.
enum CosigningTime {
    /// `now`, or the time of the last cosignature when the clock is a little behind it; nil when it is far behind.
    static func choose(now: Int, last: Int?, tolerance: Int) -> Int? {
        guard now >= 0 else { return nil }
        guard let last, now < last else { return now }
        return last - now <= tolerance ? last : nil
    }
}
