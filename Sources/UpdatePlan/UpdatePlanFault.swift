import Primitives

package typealias UpdatePlanFault = Fault<UpdatePlanFaultCode>

/// What goes wrong in planning an update.
package enum UpdatePlanFaultCode: String, FaultCode {
    case impossibleEvent = "plan/impossible-event"
    case malformedJournal = "plan/malformed-journal"
    case unknownVersion = "plan/unknown-version"
    case olderVersion = "plan/older-version"
    case withdrawn = "plan/withdrawn"

    package var family: FaultFamily {
        switch self {
        case .impossibleEvent, .malformedJournal: .local
        case .unknownVersion, .olderVersion, .withdrawn: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .impossibleEvent: "this cannot happen now"
        case .malformedJournal: "the journal cannot be read"
        case .unknownVersion: "the channel has no such release"
        case .olderVersion: "an update never installs an older release"
        case .withdrawn: "the maintainers have withdrawn this release"
        }
    }

    package var hint: String? {
        switch self {
        case .impossibleEvent: "this is probably a mistake in the program; please report it"
        case .malformedJournal: nil
        case .unknownVersion:
            "check the version and the configured channel; what was moved to the channel's archive is not offered"
        case .withdrawn: nil
        case .olderVersion: "to go back to a release that was installed before, use revert"
        }
    }
}
