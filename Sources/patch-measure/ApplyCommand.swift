import Archiving
import ArgumentParser
import CommandSupport
import DurableStorage
import Patching
import Primitives
import Releases
import Synchronization
import SystemPackage

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Apply a patch to a folder.")

    @Argument(help: ArgumentHelp("The old tree.", valueName: "old"))
    var old: FilePath

    @Argument(help: ArgumentHelp("The patch.", valueName: "patch"))
    var patch: FilePath

    @Argument(help: ArgumentHelp("The folder to make.", valueName: "new"))
    var new: FilePath

    @Option(help: "The listing of the old tree, as an instance keeps it. Without it the old tree is listed first.")
    var listing: FilePath?

    @Flag(help: "Say how long the flush took. To be told of every step costs a little.")
    var shares = false

    @Flag(help: "Read the new tree back afterwards and hold it against its listing, as the agent does.")
    var verify = false

    func run() throws {
        let whole = Stopwatch()
        let oldListing = try listing.map(Self.kept) ?? TreePacker().list(old)
        let listing = whole.seconds
        let (applying, flush) = (Stopwatch(), FlushWatch())
        // Of a patch that nobody signed, its own word is all there is.
        let header = try PatchDecoder(unpacker: PatchCompression()).header(of: PatchFile(patch))
        let made = try TreePatcher().apply(
            patch, to: old, listing: oldListing, expected: header.after, into: new,
            storage: shares ? DurableStorage(observer: flush) : DurableStorage())
        let (seconds, flushing) = (applying.seconds, flush.seconds)
        let verifying = Stopwatch()
        if verify, let difference = try TreeVerifier().verify(new, against: made).first {
            throw PatchFault(.wrongNewTree, found: difference.description)
        }
        print(
            #"{"seconds":\#(seconds),"listing_seconds":\#(listing),"flush_seconds":\#(flushing),"#
                + #""verify_seconds":\#(verifying.seconds),"files":\#(made.fileCount),"#
                + #""bytes":\#(made.totalBytes),"memory":\#(header.memory)}"#)
    }
}

extension ApplyCommand {
    private static func kept(_ file: FilePath) throws -> TreeListing {
        let limits = TreeLimits()
        return try TreeListing.decode(DurableStorage().read(file, limit: limits.listingBytes), limits: limits)
    }
}

/// Knows when the flush began, which is the last that applying does.
private final class FlushWatch: EffectObserver {
    private let watch = Mutex<Stopwatch?>(nil)

    var seconds: Double { watch.withLock { $0?.seconds ?? 0 } }

    func willPerform(_ effect: DurableEffect) throws(StorageFault) {
        if case .syncFileSystem = effect { watch.withLock { $0 = Stopwatch() } }
    }
}
