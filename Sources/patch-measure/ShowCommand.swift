import Archiving
import ArgumentParser
import CommandSupport
import Patching
import Primitives
import SystemPackage

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a patch says about itself.")

    @Argument(help: ArgumentHelp("The patch.", valueName: "patch"))
    var patch: FilePath

    func run() throws {
        let file = try PatchFile(patch)
        let header = try PatchDecoder(unpacker: PatchCompression()).header(of: file)
        print(
            #"{"bytes":\#(file.count),"before":"\#(header.before)","after":"\#(header.after)","memory":\#(header.memory),"#
                + #""streams":[\#(header.pieceTexts.joined(separator: ","))]}"#)
    }
}
