import DurableStorage
import FoundationEssentials
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// One keyholder's signing: what their key may sign among what is staged, read once, shown, and then signed as shown.
package struct Ceremony: Sendable {
    private let workspace: Workspace
    /// Digests of all that was staged.
    private let shown: [RoleName: Digest]
    /// What this signs, as it was read; empty when this key has signed all that it may.
    package let roles: [StagedRole]
    /// What this key has signed already, validly.
    package let signed: [StagedRole]

    /// Finds the staged roles that `key` signs for, and of these the ones it has not signed yet.
    ///
    /// Throws `.notASigner` when there is none it could ever sign, `.wouldBeRefused` or `.metadataTooLong` when
    /// instances would not accept the result, `.nothingToSign` when nothing is staged.
    ///
    /// - Parameter only: the roles to sign; empty for all.
    package init(
        _ staging: Staging, workspace: Workspace, key: PublicKey, only: [RoleName], now: Date
    ) throws(PublishingFault) {
        self.workspace = workspace
        shown = Dictionary(staging.roles.map { ($0.role, $0.digest) }) { first, _ in first }
        guard !staging.roles.isEmpty else { throw PublishingFault(.nothingToSign, at: workspace.staged.string) }
        for role in only where staging.staged(role) == nil {
            throw PublishingFault(
                .nothingToSign, found: "\"\(role)\"",
                expected: staging.roles.map { "\($0.role)" }.joined(separator: ", "))
        }
        let keyID = key.computedID
        let chosen = staging.roles.filter { only.isEmpty || only.contains($0.role) }
        let mine = chosen.filter { staged in
            staging.signers(of: staged.role).contains { $0.keyIDs.contains(keyID) && $0.keys[keyID] == key }
        }
        guard !mine.isEmpty, only.isEmpty || mine.count == chosen.count else {
            throw PublishingFault(
                .notASigner, found: "\(KeyholderName.of(keyID, key)) \(keyID.short)",
                expected: Self.signerNames(chosen, staging), at: chosen.map { "\($0.role)" }.joined(separator: ", "))
        }
        for staged in mine { try staging.check(staged, now: now) }
        signed = mine.filter { staged in
            staged.signatures[keyID].map { key.isValid(signature: $0, for: staged.signedBytes) } ?? false
        }
        let done = Set(signed.map(\.role))
        roles = mine.filter { !done.contains($0.role) }
    }

    /// Signs each role and writes one file for each.
    ///
    /// Throws `.changedSinceShown`, and signs nothing, when any staged role is not what it was when this was made: then
    /// what a person was shown is not what would be published.
    package func sign(with signer: some Signer) throws {
        guard !roles.isEmpty else { return }
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        try checkUnchanged()
        let keyID = signer.publicKey.computedID
        // All or none: an ssh-agent may sign one and refuse the next.
        let signatures = try roles.map { staged in
            StagedSignature(
                keyID: keyID, role: staged.role, version: staged.version, signed: staged.digest,
                signature: try signer.sign(staged.signedBytes))
        }
        for (staged, signature) in zip(roles, signatures) {
            let folder = workspace.signatures(of: staged)
            try workspace.storage.makeDirectory(folder)
            let name = KeyholderName.of(keyID, signer.publicKey)
            try workspace.storage.write(signature.encoded, to: folder.appending("\(name).json"))
        }
    }

    /// All that is staged was shown, not only what this key signs.
    private func checkUnchanged() throws {
        let now = try workspace.loadStagedRoles()
        for role in Set(shown.keys).union(now.map(\.role)).sorted() {
            let present = now.first { $0.role == role }
            guard present?.digest == shown[role] else {
                throw PublishingFault(
                    .changedSinceShown, found: present == nil ? "nothing" : "something else",
                    expected: "what was shown",
                    at: workspace.stagedMetadata.appending(present?.fileName ?? role.fileName).string)
            }
        }
    }

    private static func signerNames(_ roles: [StagedRole], _ staging: Staging) -> String {
        var names: [String] = []
        for signers in roles.flatMap({ staging.signers(of: $0.role) }) {
            for keyID in signers.keyIDs {
                let name = KeyholderName.of(keyID, signers.keys[keyID])
                if !names.contains(name) { names.append(name) }
            }
        }
        return "one of " + names.joined(separator: ", ")
    }
}
