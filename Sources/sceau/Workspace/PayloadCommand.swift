import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Signatures
import SystemPackage
import TUF

/// `sceau payload`
struct PayloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payload",
        abstract: "Write what waits for signatures to a folder, for a machine without a network.",
        discussion: """
            The folder is a small workspace without archives: sceau review and sceau sign work in it. sceau attach takes \
            the signatures back.
            """)

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: ArgumentHelp("An empty folder, or one that is not there yet.", valueName: "folder"))
    var out: FilePath

    @OptionGroup var json: JSONOption

    func run() throws {
        let report = try stating("nothing was written") {
            try SigningPayload.write(workspace.workspace, to: out)
        }
        let roles = report.roles.map { "\($0.role) version \($0.version)" }
        try json.print(
            [
                "folder": .string(ByteString(out.string)), "files": .integer(Int64(report.files)),
                "bytes": .integer(Int64(report.bytes)),
                "roles": .array(
                    report.roles.map {
                        [
                            "role": .string($0.role.text), "version": .integer(Int64($0.version)),
                            "signed_sha256": .string(ByteString($0.digest.hex)),
                        ]
                    }),
            ],
            orText: [
                "wrote \(Counted.text(report.files, "file")), \(HumanFormat.bytes(report.bytes)), to \(out.string): "
                    + roles.joined(separator: ", "),
                "there: sceau review, then sceau sign; here again: sceau attach \(out.string)",
            ])
    }
}
