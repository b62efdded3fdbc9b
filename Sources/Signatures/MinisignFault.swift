import Primitives

package typealias MinisignFault = Fault<MinisignFaultCode>

/// Why a minisign key or signature was refused. Somebody gave us something wrong, always.
package enum MinisignFaultCode: String, FaultCode, CaseIterable {
    case malformed = "minisign/malformed"
    case legacy = "minisign/legacy"
    case otherKey = "minisign/other-key"
    case invalid = "minisign/invalid"

    package var family: FaultFamily { .refusal }

    package var summary: String {
        switch self {
        case .malformed: "not as minisign writes it"
        case .legacy: "a minisign signature of the old kind, over the file and not over its hash"
        case .otherKey: "a minisign signature by another key"
        case .invalid: "the minisign signature is not valid"
        }
    }

    package var hint: String? { nil }
}
