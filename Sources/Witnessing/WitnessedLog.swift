import FoundationEssentials
import Primitives
import Synchronization
import TransparencyLog

/// One log and what was cosigned for it. Requests wait for one another: comparing and storing is one step.
final class WitnessedLog: Sendable {
    private struct State {
        var held: HeldCheckpoint
        /// A write failed, and what stands on the disk is not known.
        var isUncertain = false
        var growth: GrowthLimit
        /// Two trees of one size were reported.
        var hasReportedFork = false
        /// The tree for which a proof that does not fit was reported. Anybody can send such a thing: once is enough.
        var reported: TreeHead?
    }

    let log: NoteKey
    private let key: WitnessKey
    private let storage: WitnessState
    private let limits: WitnessLimits
    private let report: @Sendable (WitnessEvent) -> Void
    private let state: Mutex<State>

    /// Throws as `WitnessState.load`.
    init(
        _ log: NoteKey, key: WitnessKey, storage: WitnessState, limits: WitnessLimits,
        report: @escaping @Sendable (WitnessEvent) -> Void
    ) throws {
        self.log = log
        self.key = key
        self.storage = storage
        self.limits = limits
        self.report = report
        state = Mutex(State(held: try storage.load(log), growth: GrowthLimit(perDay: limits.growthsPerDay)))
    }

    /// The note to show at the monitoring address; nil when nothing was cosigned. Throws when it is not known.
    func latestNote() throws -> [UInt8]? {
        try state.withLock { state in
            try settle(&state)
            guard case .cosigned(let checkpoint) = state.held else { return nil }
            return checkpoint.checkpoint.note.encoded
        }
    }

    /// Judges, stores and only then answers.
    func add(_ submission: Submission, now: Date) -> WitnessAnswer {
        state.withLock { state in
            do {
                try settle(&state)
                return try answer(submission, now.timeIntervalSince1970, &state)
            } catch let refusal as Refusal {
                return refusal.answer
            } catch {
                report(.notStored(origin: log.name, (error as? any ReportableFault) ?? WitnessFault(.malformedState)))
                return WitnessAnswer(500, "this witness cannot write its state; nothing was cosigned")
            }
        }
    }

    /// After a write that failed, what stands on the disk is what counts.
    private func settle(_ state: inout State) throws {
        guard state.isUncertain else { return }
        state.held = try storage.loadFlushed(log)
        state.isUncertain = false
    }

    private func answer(_ submission: Submission, _ now: Double, _ state: inout State) throws -> WitnessAnswer {
        let judgement: Judgement
        do { judgement = try .judge(submission, held: state.held) } catch {
            note(error, submission, &state)
            throw error
        }
        switch judgement {
        case .refresh(let checkpoint, let last):
            let age = now - Double(last.time)
            if age >= 0, age < Double(limits.refreshInterval) { return WitnessAnswer(200, last.line.line) }
            return try store(checkpoint, now, &state)
        case .cosign(let checkpoint):
            if let wait = state.growth.wait(at: now) {
                throw Refusal(429, "this log grows faster than this witness takes it", retryAfter: wait)
            }
            let answer = try store(checkpoint, now, &state)
            state.growth.take()
            report(.cosigned(origin: log.name, size: checkpoint.head.size))
            return answer
        }
    }

    private func store(_ checkpoint: VerifiedCheckpoint, _ now: Double, _ state: inout State) throws -> WitnessAnswer {
        var last: Int?
        if case .cosigned(let checkpoint) = state.held { last = checkpoint.time }
        let seconds = Int(exactly: now.rounded(.down)) ?? -1
        guard let time = CosigningTime.choose(now: seconds, last: last, tolerance: limits.clockTolerance) else {
            report(.clockBehind(origin: log.name, seconds: (last ?? 0) - seconds))
            throw Refusal(503, "the clock of this witness is wrong; nothing was cosigned")
        }
        let line = try key.cosign(checkpoint.note.text, time: time)
        // Lines of others are not kept: what we show is the log's word and ours.
        let ofLog = checkpoint.note.signatures.first { $0.isNamed(log) }
        let note = try SignedNote(text: checkpoint.note.text, signatures: [ofLog, line].compactMap(\.self))
        let cosigned = try CosignedCheckpoint(note, log: log, witness: key.noteKey)
        state.isUncertain = true
        try storage.store(cosigned, of: log)
        state.isUncertain = false
        state.held = .cosigned(cosigned)
        return WitnessAnswer(200, cosigned.line.line)
    }

    /// A log that signs what does not fit its past is what witnesses are for: the person who runs this one hears of it.
    private func note(_ refusal: Refusal, _ submission: Submission, _ state: inout State) {
        guard refusal.answer.status == 422, let shown = submission.checkpoint, case .cosigned(let held) = state.held
        else { return }
        var place: String?
        if let evidence = try? ForkEvidence(held.checkpoint, shown) {
            guard !state.hasReportedFork else { return }
            state.hasReportedFork = true
            place = storage.keepEvidence(evidence.encoded, of: log)
        } else {
            guard state.reported != held.checkpoint.head else { return }
            state.reported = held.checkpoint.head
        }
        report(
            .contradiction(
                origin: log.name, heldSize: held.checkpoint.head.size, shownSize: shown.head.size, evidence: place))
    }
}
