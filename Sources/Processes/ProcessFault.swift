import Primitives
import SystemPackage

package typealias ProcessFault = Fault<ProcessFaultCode>

/// Why a program was not run, or nothing is known of how it ended. How it ended is no fault: see `ProcessResult`.
package enum ProcessFaultCode: String, FaultCode {
    case notFound = "process/not-found"
    case notExecutable = "process/not-executable"
    case notPermitted = "process/not-permitted"
    case failed = "process/failed"

    package var family: FaultFamily { .local }

    package var summary: String {
        switch self {
        case .notFound: "there is no such program, folder or user"
        case .notExecutable: "this cannot be executed"
        case .notPermitted: "this may not be run by whom it was to be run"
        case .failed: "the program could not be run"
        }
    }

    package var hint: String? {
        switch self {
        case .notFound: "check the path and the name of the user"
        case .notExecutable:
            "it needs its execute bit; a script begins with #! and the path of an interpreter that is there"
        case .notPermitted:
            "only an agent that runs as root can run programs as another user; check folders on the way too"
        case .failed: "check the memory and the number of processes of this machine, then run this again"
        }
    }
}
