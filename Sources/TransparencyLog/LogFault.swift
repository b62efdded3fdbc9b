import Primitives

package typealias LogFault = Fault<LogFaultCode>

/// Why something of a transparency log was not accepted.
package enum LogFaultCode: String, FaultCode {
    // Merkle tree
    case outOfRange = "log/out-of-range"
    case wrongProof = "log/wrong-proof"
    case wrongRoot = "log/wrong-root"
    case shrunk = "log/shrunk"
    case fork = "log/fork"
    // Tiles and bundles
    case malformedTile = "log/malformed-tile"
    case malformedBundle = "log/malformed-bundle"
    case entryTooLong = "log/entry-too-long"
    // Entries and what they say
    case malformedEntry = "log/malformed-entry"
    case malformedNotice = "log/malformed-notice"
    case secondContent = "log/second-content"
    case repeated = "log/repeated"
    case gap = "log/gap"
    case superseded = "log/superseded"
    case missingEntries = "log/missing-entries"
    case malformedState = "log/malformed-state"
    // Notes and checkpoints
    case malformedKey = "log/malformed-key"
    case malformedNote = "log/malformed-note"
    case malformedCheckpoint = "log/malformed-checkpoint"
    case malformedRequest = "log/malformed-request"
    case malformedProof = "log/malformed-proof"
    case otherOrigin = "log/other-origin"
    case unsigned = "log/unsigned"
    case badSignature = "log/bad-signature"
    // Witnesses
    case malformedPolicy = "log/malformed-policy"
    case noQuorum = "log/no-quorum"
    // Forks
    case malformedEvidence = "log/malformed-evidence"
    case noFork = "log/no-fork"
    // What a reader asks of a log before acting on it
    case noPolicy = "log/no-policy"
    case unreachable = "log/unreachable"
    case belowFloor = "log/below-floor"
    case stale = "log/stale"
    case clockBehind = "log/clock-behind"
    case tooMuch = "log/too-much"
    case unlogged = "log/unlogged"
    case underWay = "log/publication-under-way"
    case withheld = "log/withheld"

    package var family: FaultFamily {
        switch self {
        case .unreachable, .underWay: .transport
        case .clockBehind: .local
        default: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .outOfRange: "a size or index lies outside the log"
        case .wrongProof: "a proof of the log does not prove what it should"
        case .wrongRoot: "the log is not the one its checkpoint promises"
        case .shrunk: "the log is shorter than it was before"
        case .fork: "the log has two different contents of one size"
        case .malformedTile: "a tile of the log is malformed"
        case .malformedBundle: "a bundle of log entries is malformed"
        case .entryTooLong: "a log entry is too long"
        case .malformedEntry: "a log entry is malformed"
        case .malformedNotice: "a notice in the log is malformed"
        case .secondContent: "the log holds a second content for something it already logged"
        case .repeated: "the log holds the same entry twice"
        case .gap: "the log leaves out a version"
        case .superseded: "the log has moved on past a version"
        case .missingEntries: "the log does not show all the entries its checkpoint promises"
        case .malformedState: "the remembered state of the log is malformed"
        case .malformedKey: "the key of a log or witness is malformed"
        case .malformedNote: "a signed note is malformed"
        case .malformedCheckpoint: "a checkpoint is malformed"
        case .malformedRequest: "a request to a witness is malformed"
        case .malformedProof: "a proof file of the log is malformed"
        case .otherOrigin: "a checkpoint of another log"
        case .unsigned: "the log's own signature is missing"
        case .badSignature: "a signature in a note is not valid"
        case .malformedPolicy: "the witness policy is malformed"
        case .noQuorum: "too few witnesses have seen this state of the log"
        case .malformedEvidence: "the evidence of a fork is malformed"
        case .noFork: "this does not prove a fork of the log"
        case .noPolicy: "the trusted root names no transparency log"
        case .unreachable: "the log cannot be read"
        case .belowFloor: "too few witnesses have seen this state of the log for this instance's own floor"
        case .stale: "no quorum of witnesses has seen the log lately"
        case .clockBehind: "the clock of this machine is behind"
        case .tooMuch: "the log is larger than any log of releases"
        case .unlogged: "what is offered was never made public in the log"
        case .underWay: "the log is ahead of what the mirror offers"
        case .withheld: "the mirror withholds what has been public in the log for long"
        }
    }

    package var hint: String? {
        switch self {
        case .fork: "trust no new release until this is explained; give the evidence to others who follow this log"
        case .malformedKey:
            "give the whole line NAME+ID+KEY, as sceau-audit witness --show-key or sceau log show says it"
        case .noPolicy: "if this product has no log, say transparency: off in the configuration"
        case .unreachable: "run this again, or configure another mirror"
        case .stale:
            "look at the clock of this machine first, which may be ahead; else another mirror may be newer, or the publisher is away"
        case .clockBehind: "set the clock and run this again"
        case .underWay: "a publication is probably under way; run this again in some minutes"
        case .withheld: "configure another mirror; tell the publisher if all of them do the same"
        default: nil
        }
    }
}
