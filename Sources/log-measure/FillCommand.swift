import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import SecretKeys
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

    @Option(help: ArgumentHelp("The log's key, without a passphrase: signs a checkpoint.", valueName: "file"))
    var key: FilePath?

    @Option(help: "The log's name, with --key.")
    var origin = "bench.example/log"

    func run() throws {
        let signer = try key.map { path in
            let file = try KeyStorage(DurableStorage()).loadKeyFile(path)
            return try FilledLog.Signer(file.secretKey(passphrase: nil), origin: ByteString(origin))
        }
        try FilledLog(folder: folder).fill(size: size, releases: releases, signer: signer)
    }
}
