import Primitives

package typealias KeyFault = Fault<KeyFaultCode>

/// What can go wrong with keys and their files. No fault holds a byte of a secret.
package enum KeyFaultCode: String, FaultCode {
    case invalidName = "key/invalid-name"
    case malformed = "key/malformed"
    case unsupported = "key/unsupported"
    case costOutOfBounds = "key/cost-out-of-bounds"
    case mismatch = "key/mismatch"
    case exposed = "key/exposed"
    case notAFile = "key/not-a-file"
    case exists = "key/exists"
    case passphraseNeeded = "key/passphrase-needed"
    case invalidPassphrase = "key/invalid-passphrase"
    case wrongPassphrase = "key/wrong-passphrase"
    case memory = "key/memory"
    case noAgent = "key/no-agent"
    case notInAgent = "key/not-in-agent"
    case agentRefused = "key/agent-refused"
    case agentSilent = "key/agent-silent"
    case agentMalformed = "key/agent-malformed"
    case tooLongForAgent = "key/too-long-for-agent"

    package var family: FaultFamily {
        switch self {
        case .malformed, .unsupported, .costOutOfBounds, .mismatch, .exposed, .notAFile, .agentMalformed: .refusal
        case .exists, .wrongPassphrase, .memory, .noAgent, .notInAgent, .agentRefused, .agentSilent, .tooLongForAgent:
            .local
        case .invalidName, .passphraseNeeded, .invalidPassphrase: .usage
        }
    }

    package var summary: String {
        switch self {
        case .invalidName: "not a name for a key"
        case .malformed: "malformed key file"
        case .unsupported: "not a key that can be used here"
        case .costOutOfBounds: "the key file asks for more work than is sensible"
        case .mismatch: "the secret key and the public key of this file do not belong together"
        case .exposed: "other users of this machine can reach this secret key"
        case .notAFile: "not a regular file"
        case .exists: "a file of this name stands there already"
        case .passphraseNeeded: "this key is encrypted and needs its passphrase"
        case .invalidPassphrase: "not a usable passphrase"
        case .wrongPassphrase: "the passphrase is wrong, or the key file was changed"
        case .memory: "not enough memory to work with secrets"
        case .noAgent: "there is no ssh-agent to sign with"
        case .notInAgent: "the ssh-agent does not hold this key"
        case .agentRefused: "the ssh-agent refused"
        case .agentSilent: "the ssh-agent does not answer"
        case .agentMalformed: "the ssh-agent gave an answer that is wrong"
        case .tooLongForAgent: "this is more than an ssh-agent signs"
        }
    }

    package var hint: String? {
        switch self {
        case .invalidName: "use lower-case letters, digits, '.', '_' and '-', 32 at most, and a letter or digit first"
        case .exists: "keys are never overwritten; choose another name, or move the old file away"
        case .passphraseNeeded: "give --passphrase-file FILE, or run this on a terminal"
        case .wrongPassphrase: "try again; when you are sure of the passphrase, take the file from your backup"
        case .memory: "free some memory and run this again; encrypted keys need up to 1 GiB for a moment"
        case .costOutOfBounds, .mismatch: "take the file from your backup, or generate a new key and propose it"
        case .noAgent: "start ssh-agent or gpg-agent, and let SSH_AUTH_SOCK hold the path of its socket"
        case .notInAgent: "ssh-add FILE adds a key, ssh-add -l lists them; a token may have to be plugged in"
        case .agentRefused:
            "was it asked and said no, or locked? A smart card can also be unable to sign a message of this length"
        case .agentSilent: "look for a window that asks for a PIN or a token that waits for a touch; run this again"
        case .agentMalformed: "check which program listens at SSH_AUTH_SOCK; nothing that it said was used"
        case .tooLongForAgent: "sign with a key file instead"
        case .malformed, .unsupported, .exposed, .notAFile, .invalidPassphrase: nil
        }
    }
}
