import Primitives

package typealias ReleaseFault = Fault<ReleaseFaultCode>

/// Why something is not a release, a version, a name or a tree as this project knows them.
package enum ReleaseFaultCode: String, FaultCode {
    case invalidName = "release/invalid-name"
    case invalidVersion = "release/invalid-version"
    case notCanonical = "release/not-canonical"
    case unknownField = "release/unknown-field"
    case unsupportedFormat = "release/unsupported-format"
    case tooLarge = "release/too-large"
    case duplicateFile = "release/duplicate-file"
    case malformedListing = "release/malformed-listing"
    case unsafePath = "release/unsafe-path"
    case unsafeLink = "release/unsafe-link"
    case duplicatePath = "release/duplicate-path"
    case invalidReason = "release/invalid-reason"
    case invalidInstall = "release/invalid-install"
    case missingFolder = "release/missing-folder"
    case invalidRollout = "release/invalid-rollout"

    package var family: FaultFamily { .refusal }

    package var summary: String {
        switch self {
        case .invalidName: "not a valid name"
        case .invalidVersion: "not a valid version"
        case .notCanonical: "the text is not in its one accepted spelling"
        case .unknownField: "a field is not known to this version of the format"
        case .unsupportedFormat: "unsupported format"
        case .tooLarge: "larger than allowed"
        case .duplicateFile: "a release names one file twice"
        case .malformedListing: "malformed tree listing"
        case .unsafePath: "unsafe path in a tree"
        case .unsafeLink: "a link in a tree does not stay inside it"
        case .duplicatePath: "a path stands twice in a tree"
        case .invalidReason: "not a usable reason"
        case .invalidInstall: "not a usable install section"
        case .missingFolder: "a path in a tree is not inside a folder of the tree"
        case .invalidRollout: "not a usable rollout"
        }
    }

    package var hint: String? {
        switch self {
        case .invalidVersion: "versions are one to four numbers with dots, such as 2.12.0 or 3.0-beta.1"
        case .invalidName: "check the spelling"
        case .invalidReason: "say in one line what is wrong with the release"
        case .invalidInstall: "when adding a release, correct it there; when installing, tell the publisher"
        case .invalidRollout: "from step to step the hours go up, and the share of instances does not go down"
        case .unsafePath, .unsafeLink:
            "when packing, rename or take out this entry; when installing, try another mirror and tell the publisher"
        case .unsupportedFormat, .unknownField: "a newer version of these tools may be needed; nothing of it was used"
        case .tooLarge: "nothing of it was used; if it is your own, take out what does not belong to the release"
        case .notCanonical, .duplicateFile, .malformedListing, .duplicatePath, .missingFolder:
            "nothing of it was used; try another mirror and report this to the publisher"
        }
    }
}
