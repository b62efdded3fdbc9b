import CanonicalJSON
import Primitives

package typealias MetadataFault = Fault<MetadataFaultCode>

/// Why metadata was refused. All but `misuse` and `missing` mean that somebody served something wrong.
package enum MetadataFaultCode: String, FaultCode, CaseIterable {
    case malformed = "tuf/malformed"
    case tooLong = "tuf/too-long"
    case wrongType = "tuf/wrong-type"
    case unsupportedVersion = "tuf/unsupported-spec-version"
    case duplicateKeyID = "tuf/duplicate-keyid"
    case thresholdNotMet = "tuf/threshold-not-met"
    case wrongVersion = "tuf/wrong-version"
    case rollback = "tuf/rollback"
    case expired = "tuf/expired"
    case wrongLength = "tuf/wrong-length"
    case wrongHash = "tuf/wrong-hash"
    case unknownHash = "tuf/unknown-hash"
    case roleRemoved = "tuf/role-removed"
    case roleUnknown = "tuf/role-unknown"
    case targetUnknown = "tuf/target-unknown"
    case tooManyDelegations = "tuf/too-many-delegations"
    case tooManyRoots = "tuf/too-many-roots"
    case missing = "tuf/missing"
    case misuse = "tuf/misuse"

    package var family: FaultFamily {
        switch self {
        case .misuse: .local
        // A file that is not there yet, or not on this mirror: the next try may find it.
        case .missing: .transport
        default: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .malformed: "malformed metadata"
        case .tooLong: "metadata is too long"
        case .wrongType: "metadata is of the wrong type"
        case .unsupportedVersion: "metadata follows another major version of the TUF specification"
        case .duplicateKeyID: "a keyid occurs twice"
        case .thresholdNotMet: "not enough valid signatures"
        case .wrongVersion: "metadata has the wrong version"
        case .rollback: "metadata is older than what was trusted before (rollback)"
        case .expired: "metadata has expired"
        case .wrongLength: "wrong length"
        case .wrongHash: "wrong hash"
        case .unknownHash: "no hash of a known kind is given"
        case .roleRemoved: "a role that was there before is missing from the snapshot"
        case .roleUnknown: "no such role"
        case .targetUnknown: "no such target"
        case .tooManyDelegations: "too many delegated roles to search"
        case .tooManyRoots: "too many new root versions in one run"
        case .missing: "metadata that is named elsewhere cannot be had"
        case .misuse: "metadata was loaded in the wrong order"
        }
    }

    package var hint: String? {
        switch self {
        case .expired:
            "the publisher must renew it; if other mirrors are newer, this one is stale. Check this machine's clock too"
        case .thresholdNotMet, .rollback, .wrongHash, .roleRemoved, .wrongVersion:
            "do not delete local metadata; try another mirror and report this to the publisher"
        case .tooManyRoots: "what was verified is kept; run this again to go on"
        case .unsupportedVersion: "a newer version of these tools may be needed; nothing of this metadata was used"
        case .missing: "it may not be there yet; run this again, or use another mirror"
        case .misuse: "this is probably a mistake in the program; please report it"
        case .malformed, .tooLong, .wrongType, .duplicateKeyID, .wrongLength, .unknownHash, .roleUnknown,
            .targetUnknown, .tooManyDelegations:
            "nothing of it was used; try another mirror and report this to the publisher"
        }
    }
}

extension Fault where Code == MetadataFaultCode {
    /// A fault of syntax, in the words of the JSON reader.
    init(_ fault: JSONFault, in role: RoleName) {
        self.init(.malformed, found: fault.message, at: "\(role)")
    }
}
