import Primitives
import SecretKeys

/// What publishing needs of the world to put something into the log.
package struct LogPorts {
    /// The log key's file, which says where the log's state is, and what signs with it. Asked with the public key (32
    /// bytes) that root names.
    let signer: (_ publicKey: [UInt8]) throws -> (file: LogKeyFile, signer: any Signer)
    let witnesses: any WitnessRound
    /// Whether a new root is published without those who would have to vouch for it by the root before.
    let isAbandoning: Bool

    package init(
        witnesses: any WitnessRound, isAbandoning: Bool = false,
        signer: @escaping (_ publicKey: [UInt8]) throws -> (file: LogKeyFile, signer: any Signer)
    ) {
        self.signer = signer
        self.witnesses = witnesses
        self.isAbandoning = isAbandoning
    }
}
