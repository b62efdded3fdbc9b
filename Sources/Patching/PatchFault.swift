import Primitives

package typealias PatchFault = Fault<PatchFaultCode>

/// Why a patch could not be made, or was not applied.
package enum PatchFaultCode: String, FaultCode {
    case unsupportedFormat = "patch/unsupported-format"
    case malformed = "patch/malformed"
    case notCanonical = "patch/not-canonical"
    case truncated = "patch/truncated"
    case leftover = "patch/leftover"
    case tooLarge = "patch/too-large"
    case tooMuchMemory = "patch/too-much-memory"
    case wrongOldTree = "patch/wrong-old-tree"
    case wrongNewTree = "patch/wrong-new-tree"
    case wrongOldFile = "patch/wrong-old-file"

    package var family: FaultFamily { self == .wrongOldFile ? .local : .refusal }

    package var summary: String {
        switch self {
        case .unsupportedFormat: "not a patch, or one of an unknown format"
        case .malformed: "malformed patch"
        case .notCanonical: "the patch is not in its one accepted encoding"
        case .truncated: "the patch ends too early"
        case .leftover: "the patch holds more than is used"
        case .tooLarge: "the patch makes more than allowed"
        case .tooMuchMemory: "the patch needs more memory than allowed"
        case .wrongOldTree: "the patch is for another old tree"
        case .wrongNewTree: "the patch does not make the wanted tree"
        case .wrongOldFile: "a file of the old tree is not what was listed"
        }
    }

    package var hint: String? { "nothing of it was used; the whole archive does not need it" }
}
