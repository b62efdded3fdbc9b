import Primitives
import Signatures
import TransparencyLog

/// A witness says that our log is not the one it knows. What it shows at its monitoring address tells whether that is so.
struct WitnessClaim {
    private let report: WitnessReport
    private let request: WitnessRoundRequest

    init(_ report: WitnessReport, _ request: WitnessRoundRequest) {
        self.report = report
        self.request = request
    }

    /// Where it shows the newest checkpoint of ours that it has cosigned.
    var url: String {
        let base = String(decoding: report.witness.url.bytes, as: UTF8.self)
        let name = Digest.sha256(of: request.checkpoint.log.name.bytes).hex
        return base + (base.hasSuffix("/") ? "" : "/") + "\(name)/checkpoint"
    }

    /// - Parameter note: what stands there; nil when nothing could be had.
    func judged(by note: [UInt8]?) throws -> WitnessReport {
        guard let note, let shown = try? VerifiedCheckpoint.verify(note, log: request.checkpoint.log) else {
            return with(.unusable(reason: "\(report.outcome.words), and does not show it signed by this log"))
        }
        let (theirs, ours) = (shown.head, request.checkpoint.head)
        if theirs.size > ours.size { return with(.knowsLargerTree(size: theirs.size)) }
        guard theirs.size > 0 else { return with(notShown) }
        let isBeginning = try theirs.size == ours.size ? theirs == ours : isProven(from: theirs, to: ours)
        return with(isBeginning ? notShown : .knowsOtherTree(size: theirs.size))
    }

    private func isProven(from theirs: TreeHead, to ours: TreeHead) throws -> Bool {
        let proof = try request.proof(theirs.size)
        return (try? proof.check(from: theirs, to: ours)) != nil
    }

    private var notShown: WitnessOutcome {
        .unusable(reason: "\(report.outcome.words), and shows one that ours continues")
    }

    private func with(_ outcome: WitnessOutcome) -> WitnessReport {
        WitnessReport(witness: report.witness, outcome: outcome, size: report.size)
    }
}
