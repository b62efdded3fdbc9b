import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF

/// What an instance trusts from now on.
package struct TrustAnchor: Hashable, Sendable {
    /// SHA-256 of the root's file, to be compared with what a second source says.
    package let fingerprint: Digest
    package let rootVersion: Int
    /// It was trusted before.
    package let wasPinned: Bool
}

extension Agent {
    /// Pins `root`, a root metadata file. It must bear its own threshold of signatures, and be the one with `fingerprint`
    /// when that is given. An instance that trusts another root refuses; with the same one nothing happens. A state folder
    /// that holds what is others' is refused.
    package func initialise(root: [UInt8], fingerprint: Digest?) throws -> TrustAnchor {
        let found = Digest.sha256(of: root)
        if let fingerprint, fingerprint != found {
            throw AgentFault(.wrongFingerprint, found: "\(found)", expected: "\(fingerprint)")
        }
        let trusted = try trust(root)
        try instance.checkStateFolder()
        try makeStateFolder()
        let lock = try storage.lock(folders.lock)
        return try withExtendedLifetime(lock) {
            let wasPinned = try pin(root)
            return TrustAnchor(fingerprint: found, rootVersion: trusted.root.version, wasPinned: wasPinned)
        }
    }

    /// A file that is no root at all was mistaken for one; of one that is, and does not hold, somebody is to be told.
    private func trust(_ root: [UInt8]) throws -> TrustedMetadataSet {
        do { return try TrustedMetadataSet(trustedRoot: root, referenceTime: ports.now) } catch {
            guard [.malformed, .wrongType, .tooLong].contains(error.code) else { throw error }
            throw AgentFault(
                .noRoot, found: error.message, expected: "root.json, which is JSON with signed keys and roles")
        }
    }

    private func makeStateFolder() throws {
        try storage.makeDirectory(folders.state.removingLastComponent())
        try storage.makeDirectory(folders.state, mode: .privateDirectory)
    }

    private func pin(_ root: [UInt8]) throws -> Bool {
        if let present = try? pinnedRoot() {
            guard present == root else {
                throw AgentFault(
                    .otherRoot, found: "fingerprint \(Digest.sha256(of: root))",
                    expected: "\(Digest.sha256(of: present))", at: folders.pinnedRoot.string)
            }
            return true
        }
        // With no root that holds, nobody knows by which one the rest came to be trusted.
        try storage.removeTree(folders.metadata)
        try storage.write(root, to: folders.pinnedRoot)
        return false
    }
}
