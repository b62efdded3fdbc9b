import Archiving
import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import Releases
import SystemPackage

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Write the listing of a folder, as an instance keeps it.")

    @Argument(help: ArgumentHelp("The tree.", valueName: "tree"))
    var tree: FilePath

    @Argument(help: ArgumentHelp("Where the listing is written.", valueName: "listing"))
    var listing: FilePath

    func run() throws {
        let made = try TreePacker().list(tree)
        try DurableStorage().write(made.encoding, to: listing)
        print(#"{"files":\#(made.fileCount),"bytes":\#(made.totalBytes)}"#)
    }
}
