import Archiving
import ArgumentParser
import CommandSupport
import DurableStorage
import Patching
import Primitives
import Releases
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

    func run() throws {
        let whole = Stopwatch()
        let oldListing = try TreePacker().list(old)
        let listing = whole.seconds
        let applying = Stopwatch()
        // Of a patch that nobody signed, its own word is all there is.
        let header = try PatchDecoder(unpacker: PatchCompression()).header(of: PatchFile(patch))
        let made = try TreePatcher().apply(
            patch, to: old, listing: oldListing, expected: header.after, into: new, storage: DurableStorage())
        print(
            #"{"seconds":\#(applying.seconds),"listing_seconds":\#(listing),"files":\#(made.fileCount),"#
                + #""bytes":\#(made.totalBytes),"memory":\#(header.memory)}"#)
    }
}
