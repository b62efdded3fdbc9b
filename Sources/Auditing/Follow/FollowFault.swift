import Primitives

package typealias FollowFault = Fault<FollowFaultCode>

/// Why a monitor could not look, or must not go on.
package enum FollowFaultCode: String, FaultCode {
    case noLog = "follow/no-log"
    case stateDamaged = "follow/state-damaged"
    case clockBehind = "follow/clock-behind"
    case unknownAlarm = "follow/unknown-alarm"
    case unknownWitness = "follow/unknown-witness"
    case notAPublicKey = "follow/not-a-public-key"

    package var family: FaultFamily {
        switch self {
        case .noLog, .stateDamaged, .clockBehind: .local
        case .unknownAlarm, .unknownWitness, .notAPublicKey: .usage
        }
    }

    package var summary: String {
        switch self {
        case .noLog: "root names no log, so there is nothing to follow"
        case .stateDamaged: "the remembered state cannot be read"
        case .clockBehind: "the clock of this machine is behind the witnesses'"
        case .unknownAlarm: "there is no such alarm to acknowledge"
        case .unknownWitness: "the policy names no such witness"
        case .notAPublicKey: "not a public key file of this system"
        }
    }

    package var hint: String? {
        switch self {
        case .noLog: "sceau-audit verify checks what is published all the same"
        case .stateDamaged:
            "put back a copy, or move the folder away: then the log is read from its beginning, and what was "
                + "acknowledged is asked again"
        case .clockBehind: "set the clock; if it is right, the witnesses' clocks are not: tell them"
        case .unknownAlarm: "give the id as it was shown, or \"all\" for all that stand"
        case .unknownWitness: "give NAME=URL with a name of the witness policy"
        case .notAPublicKey: "give the NAME.pub that sceau key generate wrote"
        }
    }
}
