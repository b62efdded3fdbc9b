import Primitives
import TransparencyLog

/// The quorum of a policy, as a tree: what it asks for in words, and how many witnesses it takes to get around it.
struct Quorum: Hashable {
    fileprivate indirect enum Node: Hashable {
        case witness(ByteString)
        case group(ByteString, threshold: Int, members: [Node])
    }

    private let top: Node?

    /// Each name is a member of one group at most, and is defined after its members: so this is a tree, and ends.
    init(_ policy: WitnessPolicy) {
        func node(_ name: ByteString) -> Node {
            guard let group = policy.groups.first(where: { $0.name == name }) else { return .witness(name) }
            return .group(name, threshold: group.threshold, members: group.members.map { node($0) })
        }
        top = policy.quorum.map { node($0) }
    }

    // MARK: words

    /// `3 of 5 must cosign`; members are named when they are not simply all witnesses. Lower case, no final stop.
    func rule(of policy: WitnessPolicy) -> String {
        guard let top else { return "nobody must cosign" }
        guard case .group(_, let threshold, let members) = top else { return "\(Self.text(top)) must cosign" }
        let sum = "\(threshold) of \(members.count) must cosign"
        let isPlain = members.count == policy.witnesses.count && members.allSatisfy { $0.isWitness }
        return isPlain ? sum : sum + ": " + members.map { Self.text($0) }.joined(separator: ", ")
    }

    /// `2 of 3 (quorum enough)`.
    func sum(of policy: WitnessPolicy) -> String {
        let name = policy.quorum.map { "quorum \(Shown.text($0, limit: 64))" } ?? "quorum none"
        guard case .group(_, let threshold, let members) = top else { return name }
        return "\(threshold) of \(members.count) (\(name))"
    }

    private static func text(_ node: Node) -> String {
        switch node {
        case .witness(let name): return Shown.text(name, limit: 64)
        case .group(let name, let threshold, let members):
            let list = members.map { text($0) }.joined(separator: ", ")
            return "\(Shown.text(name, limit: 64)) (\(threshold) of \(members.count): \(list))"
        }
    }

    /// Names of the witnesses whose word can count.
    var counted: Set<ByteString> { top.map { Set(Self.names($0)) } ?? [] }

    private static func names(_ node: Node) -> [ByteString] {
        switch node {
        case .witness(let name): [name]
        case .group(_, _, let members): members.flatMap { names($0) }
        }
    }

    // MARK: strength

    /// The fewest witnesses that suffice.
    var fewest: Int { top.map { Self.fewest($0) } ?? 0 }

    /// The fewest witnesses that have to be dishonest for two different logs to have a quorum each: an honest one
    /// cosigns one of them only. With k of n, 2k - n.
    var fewestForFork: Int { top.map { Self.fewestForFork($0) } ?? 0 }

    private static func fewest(_ node: Node) -> Int {
        guard case .group(_, let threshold, let members) = node else { return 1 }
        return members.map { fewest($0) }.sorted().prefix(threshold).reduce(0, +)
    }

    /// Each member can be for one side, which an honest witness may be, or for both. So many have to be for both that
    /// there are enough for either.
    private static func fewestForFork(_ node: Node) -> Int {
        guard case .group(_, let threshold, let members) = node else { return 1 }
        let shared = max(0, 2 * threshold - members.count)
        return members.map { fewestForFork($0) }.sorted().prefix(shared).reduce(0, +)
    }
}

extension Quorum.Node {
    fileprivate var isWitness: Bool { if case .witness = self { true } else { false } }
}

/// What should be said about who watches, though nothing is wrong. One sentence each, lower case.
enum WitnessWarnings {
    static func about(_ policy: WitnessPolicy?) -> [String] {
        guard let policy else { return [] }
        let quorum = Quorum(policy)
        var texts: [String] = []
        if quorum.fewest <= 1 {
            texts.append(
                "one witness is enough: if it is dishonest, or its key is taken, an instance can be shown what nobody else "
                    + "sees; \(advice)")
        } else if quorum.fewestForFork == 0 {
            texts.append(
                "two quorums need have no witness in common: whoever has the log key can show two different logs, each "
                    + "with a quorum, and no witness can tell; \(advice)")
        } else if quorum.fewestForFork == 1 {
            texts.append("one dishonest witness is enough for two different logs with a quorum each; \(advice)")
        }
        let needed = policy.witnesses.filter { one in
            !policy.isSatisfied(by: Set(policy.witnesses.map(\.key.publicKey).filter { $0 != one.key.publicKey }))
        }
        if !needed.isEmpty {
            let names = needed.map { Shown.text($0.name, limit: 64) }
            texts.append(
                "nothing can be published while \(names.count == 1 ? "" : "any of ")\(Shown.list(names, limit: 8)) is out "
                    + "of reach")
        }
        let idle = policy.witnesses.map(\.name).filter { !quorum.counted.contains($0) }.map {
            Shown.text($0, limit: 64)
        }
        if !idle.isEmpty { texts.append("\(Shown.list(idle, limit: 8)) cosigns, and no quorum waits for it") }
        return texts.map { "witness policy: \($0)" }
    }

    private static let advice = "4 of 5 or 5 of 7 is recommended"
}
