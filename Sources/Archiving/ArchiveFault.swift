import Primitives

package typealias ArchiveFault = Fault<ArchiveFaultCode>

/// Why a tree was not packed or an archive not unpacked. Unsafe paths and links are `ReleaseFault`s of the path policy,
/// damaged compression is a `CompressionFault`, this machine's files are `StorageFault`s.
package enum ArchiveFaultCode: String, FaultCode {
    case wrongDigest = "archive/wrong-digest"
    case malformed = "archive/malformed"
    case unsupportedEntry = "archive/unsupported-entry"
    case unsafeMode = "archive/unsafe-mode"
    case unlistedEntry = "archive/unlisted-entry"
    case duplicateEntry = "archive/duplicate-entry"
    case missingEntry = "archive/missing-entry"
    case wrongEntry = "archive/wrong-entry"
    case wrongContent = "archive/wrong-content"
    case trailingBytes = "archive/trailing-bytes"
    case tooLarge = "archive/too-large"
    case changedWhilePacking = "archive/changed-while-packing"
    case failed = "archive/failed"

    package var family: FaultFamily {
        switch self {
        case .changedWhilePacking, .failed: .local
        default: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .wrongDigest: "the archive is not the one that was signed"
        case .malformed: "malformed archive"
        case .unsupportedEntry: "a tree holds something other than a file, a folder or a symbolic link"
        case .unsafeMode: "a set-uid, set-gid or sticky bit in a tree"
        case .unlistedEntry: "the archive holds something that its listing does not"
        case .duplicateEntry: "the archive holds a path twice"
        case .missingEntry: "the archive lacks something that is in its listing"
        case .wrongEntry: "the archive and its listing disagree"
        case .wrongContent: "a file in the archive has the wrong content"
        case .trailingBytes: "something follows the end of the archive"
        case .tooLarge: "a tree is larger than allowed"
        case .changedWhilePacking: "a file changed while it was being packed"
        case .failed: "archive operation failed"
        }
    }

    package var hint: String? {
        switch self {
        case .unsafeMode: "take the bits away with: chmod -R ug-s,-t TREE"
        case .changedWhilePacking: "pack a copy that nothing writes to"
        case .unsupportedEntry: "a tree may hold files, folders and symbolic links; take out what else it holds"
        case .tooLarge: "take out what does not belong to the release, or split it"
        case .failed: "free some space and run this again"
        case .wrongDigest, .malformed, .unlistedEntry, .duplicateEntry, .missingEntry, .wrongEntry, .wrongContent,
            .trailingBytes:
            "nothing of it was used; try another mirror and report this to the publisher"
        }
    }
}
