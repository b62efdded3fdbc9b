import Primitives
import TUF
import TransparencyLog

/// A log as a review speaks of it.
package struct LogMention: Hashable, Sendable, CustomStringConvertible {
    package let origin: ByteString
    /// As it stands in the policy, to be compared.
    package let vkey: ByteString
    /// Eight hexadecimal digits, as they stand in the vkey.
    package let id: String

    package init(_ key: NoteKey) {
        origin = key.name
        vkey = key.vkey
        id = Hex.encode(key.id)
    }

    package var description: String { "\(Shown.text(origin, limit: 200)) (key \(id))" }
}

/// A witness, likewise.
package struct WitnessMention: Hashable, Sendable, CustomStringConvertible {
    /// In this policy only.
    package let name: ByteString
    package let vkey: ByteString
    package let id: String
    package let url: ByteString?

    package init(_ witness: WitnessPolicy.Witness) {
        name = witness.name
        vkey = witness.key.vkey
        id = Hex.encode(witness.key.id)
        url = witness.url
    }

    /// `north (key 4e77d1c0)`.
    package var description: String { "\(Shown.text(name, limit: 64)) (key \(id))" }
    /// `north: VKEY at https://…`.
    var line: String { "\(Shown.text(name, limit: 64)): \(Shown.text(vkey, limit: 400)) at \(address)" }
    var address: String { url.map { Shown.text($0, limit: 200) } ?? "no address" }
}

/// A policy as a review speaks of it.
package struct WitnessingRule: Hashable, Sendable {
    package let log: LogMention
    package let witnesses: [WitnessMention]
    /// `3 of 5 must cosign`.
    package let quorum: String

    package init(_ policy: WitnessPolicy) {
        log = LogMention(policy.log)
        witnesses = policy.witnesses.map { WitnessMention($0) }
        quorum = Quorum(policy).rule(of: policy)
    }
}

/// What changes from one witness policy to the next. The texts may differ in no more than comments, order and addresses:
/// that is said too, since it is signed.
enum WitnessComparison {
    static func changes(from old: WitnessPolicy?, to new: WitnessPolicy?) -> [Change.Kind] {
        switch (old, new) {
        case (nil, nil): []
        case (nil, let new?): [.logBegins(WitnessingRule(new))]
        case (let old?, nil): [.logEnds(WitnessingRule(old))]
        case (let old?, let new?): old.text == new.text ? [] : changes(old, new)
        }
    }

    private static func changes(_ old: WitnessPolicy, _ new: WitnessPolicy) -> [Change.Kind] {
        var result: [Change.Kind] = []
        let (before, after) = (WitnessingRule(old), WitnessingRule(new))
        // First of all: a reviewer has to see it.
        if new.isWeaker(than: old) { result.append(.weakerWitnessing(from: before, to: after)) }
        if old.log != new.log { result.append(.logMoves(from: before.log, to: after.log)) }
        result += witnesses(old, new)
        if before.quorum != after.quorum { result.append(.quorum(from: before, to: after)) }
        // A mere note, a line in another place, a group by another name.
        if result.isEmpty { result.append(.witnessPolicyText) }
        return result
    }

    /// By public key: a witness's name is nothing that it signs.
    private static func witnesses(_ old: WitnessPolicy, _ new: WitnessPolicy) -> [Change.Kind] {
        func same(_ witness: WitnessPolicy.Witness, in policy: WitnessPolicy) -> WitnessPolicy.Witness? {
            policy.witnesses.first { $0.key.publicKey == witness.key.publicKey }
        }
        var leaving = old.witnesses.filter { same($0, in: new) == nil }
        var result: [Change.Kind] = []
        for witness in new.witnesses {
            if let former = same(witness, in: old) {
                let (from, to) = (WitnessMention(former), WitnessMention(witness))
                if from != to { result.append(.witnessMoves(from: from, to: to)) }
            } else if let index = leaving.firstIndex(where: { $0.name == witness.name }) {
                let former = leaving.remove(at: index)
                result.append(.witnessReplaced(from: WitnessMention(former), to: WitnessMention(witness)))
            } else {
                result.append(.witnessJoins(WitnessMention(witness)))
            }
        }
        return result + leaving.map { .witnessLeaves(WitnessMention($0)) }
    }
}

extension ProposalPlan {
    /// What should be said of the witness policy as it would be, and of the way to it.
    func witnessWarnings(over staging: Staging) -> [String] {
        let wanted = steps.map(\.staged).first { $0.role == .root } ?? kept.first { $0.role == .root }
        let root = wanted?.rootContent ?? staging.published.root?.content
        let (old, new) = (staging.published.root?.content.readableWitnessPolicy, root?.readableWitnessPolicy)
        let changes = WitnessComparison.changes(from: old, to: new).map { Change($0, in: [.root]) }
        return WitnessWarnings.about(new) + changes.filter(\.isAlarming).map { "witness policy: \($0.sentence)" }
    }
}

// MARK: words

extension Change.Kind {
    /// The sentence for a change in who watches; nil for any other.
    var witnessSentence: String? {
        switch self {
        case .logBegins(let rule):
            "turns transparency on: everything is logged in \(rule.log), and of its witnesses \(rule.quorum)"
        case .logEnds(let rule):
            "REMOVES the witness policy of \(rule.log): instances will refuse EVERYTHING from then on, unless their "
                + "administrators turn transparency off: \(Change.advice)"
        case .weakerWitnessing:
            "asks witnesses for LESS than before, or for others: this is weaker, and instances count it only after seven "
                + "public days"
        case .logMoves(let from, let to): "moves from log \(from) to another log: \(to)"
        case .witnessJoins(let witness): "witness \(witness) joins"
        case .witnessLeaves(let witness): "witness \(witness) leaves"
        case .witnessReplaced(let from, let to): "witness \(from) gives way to another of this name: \(to)"
        case .witnessMoves(let from, let to): Self.moves(from, to)
        case .quorum(let from, let to): "quorum of witnesses: \(from.quorum) becomes \(to.quorum)"
        case .witnessPolicyText:
            "changes comments, order, names of groups or the log's address in the witness policy; what it asks for stays"
        default: nil
        }
    }

    private static func moves(_ from: WitnessMention, _ to: WitnessMention) -> String {
        var parts: [String] = []
        if from.name != to.name || from.vkey != to.vkey { parts.append("is called \(to) now") }
        if from.url != to.url { parts.append("is asked at \(to.address) instead of \(from.address)") }
        return "witness \(from) \(parts.joined(separator: " and "))"
    }

    /// What belongs to it, a line each: keys, to be compared with what their holders say.
    var witnessDetails: [String] {
        switch self {
        case .logBegins(let rule):
            ["log \(Shown.text(rule.log.vkey, limit: 400))"] + rule.witnesses.map { "witness \($0.line)" }
        case .logMoves(_, let to): ["log \(Shown.text(to.vkey, limit: 400))"]
        case .witnessJoins(let witness), .witnessReplaced(_, let witness): ["witness \(witness.line)"]
        case .weakerWitnessing(let from, let to): ["before: \(from.quorum)", "after: \(to.quorum)"]
        default: []
        }
    }
}
