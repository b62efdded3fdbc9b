import Primitives
import Signatures

/// Signs with a key that an ssh-agent holds; the secret never comes into this process.
package struct SSHAgentSigner: Signer {
    package let publicKey: PublicKey

    private let key: SSHPublicKey
    private let agent: SSHAgent

    /// Looks for the key in the agent. Throws `.notInAgent`, which names the keys that are there, and what
    /// `SSHAgent.identities` throws.
    ///
    /// - Parameter publicKey: an Ed25519 key that carries its holder's name.
    package init(_ publicKey: PublicKey, in agent: SSHAgent) throws(KeyFault) {
        guard publicKey.scheme == .ed25519 else { throw KeyFault(.unsupported, expected: "an Ed25519 key") }
        key = SSHPublicKey(ed25519: publicKey.material)
        self.publicKey = publicKey
        self.agent = agent
        let held = try agent.identities()
        guard held.contains(where: { $0.key == key }) else {
            throw KeyFault(
                .notInAgent, found: Self.list(held), expected: "\(publicKey.name ?? "the key"), \(key.fingerprint)",
                at: agent.socket)
        }
    }

    /// The signature has been verified. Throws what `SSHAgent.identities` throws, and `.agentMalformed` for a
    /// signature that is not this key's over `message`.
    package func sign(_ message: [UInt8]) throws(KeyFault) -> [UInt8] {
        let signature = try agent.signature(over: message, by: key)
        guard publicKey.isValid(signature: signature, for: message) else {
            throw KeyFault(
                .agentMalformed, found: "a signature that \(publicKey.name ?? "the public key") does not verify",
                at: agent.socket)
        }
        return signature
    }

    private static func list(_ held: [SSHAgent.Identity]) -> String {
        if held.isEmpty { return "no keys" }
        let shown = held.prefix(8).map { identity in
            let comment = ByteString(Array(identity.comment.bytes.prefix(64)))
            return identity.key.ed25519 == nil ? "\"\(comment)\" (\(identity.key.type))" : "\"\(comment)\""
        }
        return shown.joined(separator: ", ") + (held.count > shown.count ? " and \(held.count - shown.count) more" : "")
    }
}
