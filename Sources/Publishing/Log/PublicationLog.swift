import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// The log's part of a publication: what is new goes into the log, witnesses cosign, and only then anything is live.
///
/// Every step can be stopped and done again. The tree is signed and remembered before a witness sees it; from then on it
/// is the only continuation there will ever be, and a run without a quorum leaves it waiting for the next.
struct PublicationLog {
    /// How old cosignatures may be with which an interrupted publication is finished without asking again.
    private static let recent: TimeInterval = 86_400

    private let policies: PoliciesInForce
    private let now: Date
    private let round: any WitnessRound
    private(set) var keeper: LogKeeper
    /// What witnesses said who did not cosign, by vkey.
    private(set) var answers: [ByteString: String] = [:]

    /// Begins with the log that `policies` name; signs nothing yet.
    init(_ policies: PoliciesInForce, ports: LogPorts?, workspace: Workspace, now: Date) throws {
        let key = policies.newest.log
        guard let ports else { throw PublishingFault(.noLogKey, at: workspace.logKeyNote.string) }
        let (file, signer) = try ports.signer(key.publicKey)
        keeper = try LogKeeper(
            key: key, signer: signer, state: file.state, live: workspace.liveLog, after: policies.formerLogs,
            storage: workspace.storage)
        self.policies = policies
        self.now = now
        round = ports.witnesses
    }

    // MARK: before anything is live

    /// Whether everything is logged already. Throws when `contents` could never be: to be found out before anything is
    /// decided.
    func holds(_ contents: some LoggedContents) throws -> Bool {
        try keeper.state.size > 0 && contents.entries(missingIn: keeper.state.ledger).isEmpty
    }

    /// Appends what is missing and has it cosigned.
    ///
    /// Throws `.noQuorum`, `.forkedLog`, `.loggedOtherwise`; nothing is live then.
    ///
    /// - Parameter isCosigned: cosignatures that are there already, of an interrupted run, will do if they are not old.
    mutating func witness(_ contents: some LoggedContents, isCosigned: Bool) throws {
        try keeper.append(contents.entries(missingIn: keeper.state.ledger))
        guard try !(isCosigned && isCosignedRecently()) else { return }
        let checkpoint = try keeper.checkpoint()
        let hashes = try keeper.hashes()
        let size = checkpoint.head.size
        let result = try round.ask(
            WitnessRoundRequest(
                checkpoint: checkpoint, witnesses: policies.witnesses, knownSizes: keeper.state.witnessSizes,
                now: now,
                proof: { try ProofBuilder.consistency(from: $0, to: size) { try hashes.hash($0) } },
                isEnough: policies.isSatisfied))
        try keeper.keep(checkpoint.adding(result.lines, by: policies.witnessKeys), sizes: result.sizes)
        answers = Dictionary(result.reports.map { ($0.witness.vkey, $0.outcome.words) }) { first, _ in first }
        try check(result)
    }

    private func isCosignedRecently() throws -> Bool {
        let check = try policies.rules(now: now).check(keeper.checkpoint())
        guard check.doubts.isEmpty, let freshAt = check.freshAt else { return false }
        return freshAt > now - Self.recent
    }

    private func check(_ result: WitnessRoundResult) throws {
        guard result.forks.isEmpty else {
            throw PublishingFault(
                .forkedLog, found: Self.words(result.forks), expected: "\(keeper.state.size) entries at most",
                at: "\(keeper.key.name)")
        }
        let missing = result.reports.filter { if case .cosigned = $0.outcome { false } else { true } }
        guard result.isEnough else { throw noQuorum(Self.words(missing)) }
        // What instances will find, by their own code.
        let check = try policies.rules(now: now).check(keeper.checkpoint())
        guard let doubt = check.doubts.first else { return }
        throw noQuorum(doubt.message)
    }

    private func noQuorum(_ found: String) -> PublishingFault {
        let rules = policies.all.map { Quorum($0).sum(of: $0) }
        return PublishingFault(
            .noQuorum, found: found, expected: rules.joined(separator: ", and of an earlier root "),
            at: "\(keeper.key.name)")
    }

    private static func words(_ reports: [WitnessReport]) -> String {
        reports.map { "\($0.witness.name): \($0.outcome.words)" }.joined(separator: "; ")
    }

    // MARK: going live

    /// Bundles, tiles and proofs; the checkpoint follows with `complete`.
    func publishFiles() throws {
        try keeper.publishFiles()
        try keeper.publishProofs()
    }

    /// The checkpoint: to be the last but for `timestamp.json`.
    mutating func complete() throws { try keeper.publishCheckpoint() }

    /// How the newest tree stands with the witnesses of the newest policy.
    func report() throws -> LogReport {
        try LogReport(keeper.checkpoint(), policies.newest, answers: answers)
    }
}

extension WitnessOutcome {
    /// For a message to people.
    package var words: String {
        switch self {
        case .cosigned: "cosigned"
        case .knowsLargerTree(let size): "knows a tree of \(size) entries"
        case .knowsOtherTree(let size): "knows another tree of \(size) entries"
        case .refused(404, _): "does not know this log: its operator has to be given the log's key"
        case .refused(let status, let words): "refused (\(status)\(words.isEmpty ? "" : ": \(words)"))"
        case .unusable(let reason), .unreachable(let reason): reason
        }
    }
}
