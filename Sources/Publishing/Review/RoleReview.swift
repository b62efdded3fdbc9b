import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF

/// How far one staged role is: who signed, how many lack, who still can.
package struct RoleReview: Sendable {
    /// One of the thresholds that a role has to meet; a new root has two, where its keyholders or threshold change.
    package struct Group: Hashable, Sendable {
        /// `the old root`, `the new root`, or nil when there is but one group.
        package fileprivate(set) var name: String?
        package let threshold: Int
        /// Names of those whose signature is valid and counts.
        package let signed: [String]
        /// How many valid signatures lack.
        package let lacking: Int
        /// Names of those who may sign and have not.
        package let canSign: [String]
    }

    package let role: RoleName
    package let title: RoleTitle
    package let version: Int
    package let expires: Date
    package let groups: [Group]
    /// Signatures that do not count, and why.
    package let problems: [String]
    /// Valid signatures, by keyid: what is published.
    let valid: [KeyID: [UInt8]]

    package var isComplete: Bool { lacking == 0 }
    /// The largest of all groups.
    package var threshold: Int { groups.map(\.threshold).max() ?? 0 }
    package var lacking: Int { groups.map(\.lacking).max() ?? 1 }
    /// Each name once, whichever group it is in.
    package var signed: [String] { Self.unique(groups.flatMap(\.signed)) }
    package var canSign: [String] { Self.unique(groups.flatMap(\.canSign)) }

    init(_ staged: StagedRole, in staging: Staging, title: RoleTitle? = nil) {
        role = staged.role
        self.title = title ?? .other(staged.role)
        version = staged.version
        expires = staged.expires
        let sides = Self.sides(staged.role, staging)
        var groups: [Group] = []
        var valid: [KeyID: [UInt8]] = [:]
        var invalid: Set<KeyID> = []
        let signatures = staged.signatures
        for (name, signers) in sides {
            let report = signers.report(on: staged.signedBytes, signatures: signatures.mapValues { .some($0) })
            for keyID in report.valid { valid[keyID] = signatures[keyID] }
            invalid.formUnion(report.invalid)
            groups.append(
                Group(
                    name: sides.count > 1 ? name : nil, threshold: signers.threshold,
                    signed: Self.names(report.valid, signers),
                    lacking: max(0, signers.threshold - report.valid.count),
                    canSign: Self.names(report.missing + report.invalid, signers)))
        }
        self.groups = groups
        self.valid = valid
        let known = Set(sides.flatMap(\.signers.keyIDs))
        problems = staged.entries.compactMap { entry in
            if let problem = entry.problem { return "\(entry.name)'s signature \(problem)" }
            guard let keyID = entry.signature?.keyID else { return nil }
            if !known.contains(keyID) { return "\(entry.name)'s signature is by a key that does not sign this role" }
            return invalid.contains(keyID) ? "\(entry.name)'s signature is not valid" : nil
        }
    }

    /// Whose thresholds have to be met, those that ask for the same only once.
    private static func sides(_ role: RoleName, _ staging: Staging) -> [(name: String, signers: RoleSigners)] {
        var sides: [(name: String, signers: RoleSigners)] = []
        for (index, signers) in staging.signers(of: role).enumerated() {
            guard !sides.contains(where: { $0.signers.isSame(as: signers) }) else { continue }
            let delegators = staging.delegations.node(role)?.delegators ?? []
            let name =
                role == .root
                ? (index == 0 ? "the old root" : "the new root")
                : delegators.indices.contains(index) ? "\(delegators[index].role)" : "\(index + 1)"
            sides.append((name: name, signers: signers))
        }
        return sides
    }

    private static func names(_ keyIDs: [KeyID], _ signers: RoleSigners) -> [String] {
        unique(keyIDs.map { KeyholderName.of($0, signers.keys[$0]) })
    }

    private static func unique(_ names: [String]) -> [String] {
        var result: [String] = []
        for name in names where !result.contains(name) { result.append(name) }
        return result
    }

    /// What lacks, in words: `1 of 2 signatures; can sign: alice, bob`.
    package var lackingText: String {
        if let only = groups.first, groups.count == 1 {
            return "\(only.count) signature\(only.threshold == 1 ? "" : "s"); can sign: \(only.canSignText)"
        }
        return groups.map { group in
            "\(group.count) of \(group.name ?? "")"
                + (group.lacking == 0 ? "" : " (can sign: \(group.canSignText))")
        }.joined(separator: " and ")
    }
}

extension RoleReview.Group {
    /// `1 of 2`.
    package var count: String { "\(threshold - lacking) of \(threshold)" }
    fileprivate var canSignText: String { canSign.isEmpty ? "nobody" : canSign.joined(separator: ", ") }
}

extension RoleSigners {
    fileprivate func isSame(as other: RoleSigners) -> Bool {
        Set(keyIDs) == Set(other.keyIDs) && threshold == other.threshold
            && keyIDs.allSatisfy { keys[$0] == other.keys[$0] }
    }
}
