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
    /// What this signs, as it was read.
    package let roles: [StagedRole]

    /// Finds the staged roles that `key` signs for and has not signed yet.
    ///
    /// Throws `.notASigner` when there is none it could ever sign, `.wouldBeRefused` or `.metadataTooLong` when
    /// instances would not accept the result, `.nothingToSign` when nothing is staged.
    ///
    /// - Parameter only: the roles to sign; empty for all.
    package init(
        _ staging: Staging, workspace: Workspace, key: PublicKey, only: [RoleName], now: Date
    ) throws(PublishingFault) {
        self.workspace = workspace
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
        roles = mine
    }

    /// Signs each role and writes one file for each. What was signed before is signed again, to the same bytes.
    package func sign(with signer: some Signer) throws {
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        let keyID = signer.publicKey.computedID
        for staged in roles {
            let signature = StagedSignature(
                keyID: keyID, role: staged.role, version: staged.version, signed: staged.digest,
                signature: try signer.sign(staged.signedBytes))
            let folder = workspace.signatures(of: staged)
            try workspace.storage.makeDirectory(folder)
            let name = KeyholderName.of(keyID, signer.publicKey)
            try workspace.storage.write(signature.encoded, to: folder.appending("\(name).json"))
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
