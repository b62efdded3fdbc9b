import Primitives

package typealias UpdatePlanFault = Fault<UpdatePlanFaultCode>

/// What goes wrong in planning an update.
package enum UpdatePlanFaultCode: String, FaultCode {
    case impossibleEvent = "plan/impossible-event"
    case malformedJournal = "plan/malformed-journal"
    case unknownVersion = "plan/unknown-version"
    case olderVersion = "plan/older-version"
    case withdrawn = "plan/withdrawn"
    case stepNeeded = "plan/step-needed"
    case malformedTimeZone = "plan/malformed-time-zone"
    case invalidWindow = "plan/invalid-window"

    package var family: FaultFamily {
        switch self {
        case .impossibleEvent, .malformedJournal, .malformedTimeZone: .local
        // Of what was asked for by name: by verified metadata, so that no mirror can bring them about.
        case .invalidWindow, .unknownVersion, .olderVersion, .stepNeeded: .usage
        case .withdrawn: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .impossibleEvent: "this cannot happen now"
        case .malformedJournal: "the journal cannot be read"
        case .unknownVersion: "the channel has no such release"
        case .olderVersion: "an update never installs an older release"
        case .withdrawn: "the maintainers have withdrawn this release"
        case .stepNeeded: "this release can only follow on a newer one than is installed"
        case .malformedTimeZone: "a time zone's file cannot be read"
        case .invalidWindow: "not a usable update window"
        }
    }

    package var hint: String? {
        switch self {
        case .impossibleEvent: "this is probably a mistake in the program; please report it"
        case .malformedJournal: nil
        case .unknownVersion:
            "check the version and the configured channel; what was moved to the channel's archive is not offered"
        case .stepNeeded: "run sceau-agent update without a version; it takes the releases in between"
        case .withdrawn, .invalidWindow: nil
        case .malformedTimeZone: "check whether this is the right file; Debian's package tzdata brings it"
        case .olderVersion: "to go back to a release that was installed before, use revert"
        }
    }
}
