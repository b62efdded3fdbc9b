import Primitives

package typealias WitnessFault = Fault<WitnessFaultCode>

/// What keeps a witness from beginning. What it answers to others is a `WitnessAnswer`.
package enum WitnessFaultCode: String, FaultCode {
    case stateLost = "witness/state-lost"
    case logLost = "witness/log-lost"
    case otherState = "witness/other-state"
    case otherKey = "witness/other-key"
    case otherName = "witness/other-name"
    case malformedState = "witness/malformed-state"
    case foreignFolder = "witness/foreign-folder"
    case twice = "witness/twice"
    case notALog = "witness/not-a-log"
    case noLogs = "witness/no-logs"

    package var family: FaultFamily {
        switch self {
        case .stateLost, .logLost, .otherState, .otherKey, .malformedState: .refusal
        case .otherName, .foreignFolder, .twice, .notALog, .noLogs: .usage
        }
    }

    package var summary: String {
        switch self {
        case .stateLost: "what this witness has cosigned is no longer known"
        case .logLost: "what this witness has cosigned for a log is no longer known"
        case .otherState: "this state is not the one that this key has cosigned with"
        case .otherKey: "this state belongs to another key"
        case .otherName: "this state belongs to this key under another name"
        case .malformedState: "the state of this witness is damaged"
        case .foreignFolder: "this folder holds something other than the state of a witness"
        case .twice: "a log is named twice"
        case .notALog: "this is not the key of a log"
        case .noLogs: "there is no log to watch"
        }
    }

    package var hint: String? {
        switch self {
        case .stateLost, .logLost, .malformedState:
            "nothing was changed; a witness that forgot could cosign a second past of a log. Put back the folder if it is "
                + "only elsewhere. If it is lost, retire this key: make a new one with an empty folder, and give the new "
                + "witness key to everyone whose policy names this one"
        case .otherState:
            "nothing was changed; give the folder that this key was used with, and no copy of an earlier time"
        case .otherKey: "nothing was changed; one folder and one key belong together: give the other of the two"
        case .otherName: "policies hold the name with the key; give the same --name again"
        case .foreignFolder: "name a folder that is empty or does not exist yet"
        case .twice: "an origin has one key; leave one of the two out"
        case .notALog:
            "give the log's vkey, NAME+ID+BASE64 of type 01; its witness policy begins with it"
        case .noLogs: "give --log VKEY, or --log @FILE with one in each line"
        }
    }
}
