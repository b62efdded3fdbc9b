import ArgumentParser
import CommandSupport
import SystemPackage

struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill", abstract: "Write a log of so many entries, and the state of who has read it.")

    @Argument(help: ArgumentHelp("A folder that is not there yet.", valueName: "dir"))
    var folder: FilePath

    @Option(help: "Entries in it.")
    var size: Int

    @Option(help: "How many of them are releases; the others are metadata of one role.")
    var releases = 0

    func run() throws {
        try FilledLog(folder: folder).fill(size: size, releases: releases)
    }
}
