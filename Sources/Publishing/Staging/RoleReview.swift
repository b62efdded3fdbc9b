import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF

/// How far one staged role is: who signed, how many lack, who still can.
package struct RoleReview: Sendable {
    package let role: RoleName
    package let version: Int
    package let expires: Date
    package let threshold: Int
    /// Names of those whose signature is valid and counts.
    package let signed: [String]
    /// How many valid signatures lack.
    package let lacking: Int
    /// Names of those who may sign and have not.
    package let canSign: [String]
    /// Signatures that do not count, and why.
    package let problems: [String]
    /// Valid signatures, by keyid: what is published.
    let valid: [KeyID: [UInt8]]

    package var isComplete: Bool { lacking == 0 }

    init(_ staged: StagedRole, in staging: Staging) {
        role = staged.role
        version = staged.version
        expires = staged.expires
        var state = SigningState()
        for signers in staging.signers(of: staged.role) { state.count(signers, staged) }
        threshold = state.threshold
        lacking = state.lacking
        signed = state.signed
        canSign = state.canSign
        valid = state.valid
        let known = Set(staging.signers(of: staged.role).flatMap(\.keyIDs))
        problems = staged.entries.compactMap { entry in
            if let problem = entry.problem { return "\(entry.name)'s signature \(problem)" }
            guard let keyID = entry.signature?.keyID else { return nil }
            if !known.contains(keyID) { return "\(entry.name)'s signature is by a key that does not sign this role" }
            return state.invalid.contains(keyID) ? "\(entry.name)'s signature is not valid" : nil
        }
    }

    /// What lacks, in words: `1 of 2 signatures; can sign: alice, bob`.
    package var lackingText: String {
        "\(threshold - lacking) of \(threshold) signature\(threshold == 1 ? "" : "s"); can sign: "
            + (canSign.isEmpty ? "nobody" : canSign.joined(separator: ", "))
    }
}

/// Counts signatures against one or two thresholds.
private struct SigningState {
    var threshold = 0
    var lacking = 0
    var signed: [String] = []
    var canSign: [String] = []
    var invalid: Set<KeyID> = []
    var valid: [KeyID: [UInt8]] = [:]

    mutating func count(_ signers: RoleSigners, _ staged: StagedRole) {
        let signatures = staged.signatures
        let report = signers.report(on: staged.signedBytes, signatures: signatures.mapValues { .some($0) })
        threshold = max(threshold, signers.threshold)
        lacking = max(lacking, signers.threshold - report.valid.count)
        for keyID in report.valid {
            valid[keyID] = signatures[keyID]
            add(keyID, signers, to: &signed)
        }
        for keyID in report.missing + report.invalid { add(keyID, signers, to: &canSign) }
        invalid.formUnion(report.invalid)
    }

    private func add(_ keyID: KeyID, _ signers: RoleSigners, to names: inout [String]) {
        let name = KeyholderName.of(keyID, signers.keys[keyID])
        if !names.contains(name) { names.append(name) }
    }
}
