import Primitives
import TUF
import TransparencyLog

/// The witness policies that the roots of a repository name, by the versions of the roots.
struct RootPolicies {
    private(set) var policies: [Int: WitnessPolicy] = [:]
    private var versions: [Int]

    /// Roots in order. A policy that cannot be read is a finding, and counts as none.
    init(roots: [Root], findings: FindingList) {
        versions = roots.map(\.header.version)
        for root in roots {
            do {
                guard let text = try root.witnessPolicy else { continue }
                policies[root.header.version] = try WitnessPolicy(decoding: text)
            } catch {
                let message = (error as? any ReportableFault)?.message
                findings.add(.policyInvalid, found: message, at: .metadata(.root, version: root.header.version))
            }
        }
    }

    /// Logs that roots named before the newest one, the newest first.
    var formerLogs: [NoteKey] {
        var seen = Set([newest?.policy.log].compactMap(\.self))
        return policies.sorted { $0.key > $1.key }.map(\.value.log).filter { seen.insert($0).inserted }
    }

    /// As they were while roots named this log.
    func until(_ log: NoteKey) -> RootPolicies {
        let last = policies.filter { $0.value.log == log }.keys.max() ?? 0
        var former = self
        former.policies = policies.filter { $0.key <= last }
        former.versions = versions.filter { $0 <= last }
        return former
    }

    var isEmpty: Bool { policies.isEmpty }

    /// Whether the newest root still names one.
    var isInForce: Bool { versions.last.map { policies[$0] != nil } ?? false }

    /// The newest policy, and the root that names it.
    var newest: (version: Int, policy: WitnessPolicy)? { policies.max { $0.key < $1.key }.map { ($0.key, $0.value) } }

    /// The policy under which the root of `version` has to be public: the last one that a root before it names.
    func predecessor(of version: Int) -> WitnessPolicy? {
        policies.keys.filter { $0 < version }.max().flatMap { policies[$0] }
    }

    /// Each different policy of the roots from `version` on, the newest first, with the newest root that names it.
    func since(_ version: Int) -> [(version: Int, policy: WitnessPolicy)] {
        var seen: Set<ByteString> = []
        return policies.filter { $0.key >= version }.sorted { $0.key > $1.key }
            .filter { seen.insert($0.value.text).inserted }.map { ($0.key, $0.value) }
    }

    /// The roots whose policy is weaker than the last one before it, or that have none after one that had.
    var weakened: [Int] {
        versions.filter { version in
            guard let old = predecessor(of: version) else { return false }
            guard let new = policies[version] else { return policies[version - 1] != nil }
            return new.text != old.text && new.isWeaker(than: old)
        }
    }
}
