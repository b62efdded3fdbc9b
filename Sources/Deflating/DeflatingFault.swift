import Primitives

package typealias DeflatingFault = Fault<DeflatingFaultCode>

/// Why a compressed stream, or the recipe of one, could not be used.
package enum DeflatingFaultCode: String, FaultCode {
    case truncated = "deflating/truncated"
    case corruptStream = "deflating/corrupt-stream"
    case corruptRecipe = "deflating/corrupt-recipe"
    case tooLarge = "deflating/too-large"
    case tooMuchWork = "deflating/too-much-work"

    package var family: FaultFamily { .refusal }

    package var summary: String {
        switch self {
        case .truncated: "a deflated stream ends too early"
        case .corruptStream: "a deflated stream is corrupt"
        case .corruptRecipe: "the recipe of a deflated stream is wrong"
        case .tooLarge: "a deflated stream is larger than allowed"
        case .tooMuchWork: "making a deflated stream again takes more work than allowed"
        }
    }

    package var hint: String? { "nothing of it was used; the whole archive does not need it" }
}
