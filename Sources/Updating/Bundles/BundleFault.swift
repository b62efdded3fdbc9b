import Primitives

package typealias BundleFault = Fault<BundleFaultCode>

/// Why a bundle was not made, or not used.
package enum BundleFaultCode: String, FaultCode {
    case malformed = "bundle/malformed"
    case truncated = "bundle/truncated"
    case unsafeName = "bundle/unsafe-name"
    case unordered = "bundle/unordered"
    case tooLarge = "bundle/too-large"
    case otherChannel = "bundle/other-channel"
    case otherRelease = "bundle/other-release"
    case incomplete = "bundle/incomplete"
    case otherRoots = "bundle/other-roots"
    case noPatch = "bundle/no-patch"
    case noRelease = "bundle/no-release"

    package var family: FaultFamily {
        switch self {
        case .noPatch, .noRelease: .usage
        // Most often a copy that broke off; whoever cuts one short on purpose gains nothing but this.
        case .truncated: .local
        default: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .malformed: "not a bundle as sceau-agent makes them"
        case .truncated: "the bundle breaks off"
        case .unsafeName: "the bundle holds a file that no bundle has"
        case .unordered: "the bundle holds a file twice, or out of order"
        case .tooLarge: "larger than a bundle may be"
        case .otherChannel: "the bundle is of another product or channel"
        case .otherRelease: "the bundle does not hold the release to install"
        case .incomplete: "the bundle lacks a file"
        case .otherRoots: "the published roots do not lead to the trusted one"
        case .noPatch: "there is no patch from this release"
        case .noRelease: "the channel has no release to put into a bundle"
        }
    }

    package var hint: String? {
        switch self {
        case .malformed, .unsafeName, .unordered, .tooLarge:
            "nothing of it was used; get it anew, and tell whoever gave it"
        case .truncated: "copy it once more; compare its size, or its SHA-256, with the original"
        case .otherChannel: "check which instance it is for"
        case .otherRelease: "to install an older release all the same, name it with --version"
        case .incomplete: "make a bundle with the archive, or with a patch from the release that is installed here"
        case .otherRoots: "tell the publisher; no bundle was written"
        case .noPatch: "leave the release out of --from, or make the bundle without --patch-only"
        case .noRelease: nil
        }
    }
}
