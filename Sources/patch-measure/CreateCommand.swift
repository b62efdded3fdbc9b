import Archiving
import ArgumentParser
import CommandSupport
import DurableStorage
import Patching
import Primitives
import Releases
import SystemPackage

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a patch from one folder to another.")

    @Argument(help: ArgumentHelp("The old tree.", valueName: "old"))
    var old: FilePath

    @Argument(help: ArgumentHelp("The new tree.", valueName: "new"))
    var new: FilePath

    @Argument(help: ArgumentHelp("Where the patch is written.", valueName: "patch"))
    var patch: FilePath

    @Flag(help: "Accepted for symmetry: the output is JSON.")
    var json = false

    @Option(help: "Bytes of text and of its dictionary together.")
    var textBytes = PatchSettings().textBytes

    func run() async throws {
        var settings = PatchSettings()
        settings.textBytes = textBytes
        let whole = Stopwatch()
        let packer = TreePacker()
        let (oldListing, newListing) = (try packer.list(old), try packer.list(new))
        let listing = whole.seconds
        let encoding = Stopwatch()
        let made = try await PatchEncoder(packer: PatchCompression(), settings: settings).encode(
            from: oldListing, TreeFiles(old), to: newListing, TreeFiles(new))
        let seconds = encoding.seconds
        try DurableStorage().write(made.bytes, to: patch)
        print(
            #"{"bytes":\#(made.bytes.count),"seconds":\#(seconds),"listing_seconds":\#(listing),"#
                + #""memory":\#(made.header.memory),"streams":[\#(made.header.pieceTexts.joined(separator: ","))]}"#)
    }
}
