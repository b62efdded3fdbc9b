import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import SystemPackage
import TUF

/// `sceau attach`
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Take back signatures that were made elsewhere.",
        discussion: "Each is checked against what is staged here; only when all are good is any of them taken.")

    @Argument(
        help: ArgumentHelp("Signature files, or the folder that sceau payload made.", valueName: "file"))
    var files: [FilePath]

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let workspace = workspace.workspace
        let result = try stating("no signature was taken") {
            try SignatureAttachment(workspace: workspace).attach(files)
        }
        let review = Review(try Staging.load(workspace), workspace: workspace, now: SystemClock.now())
        var report = review.report
        report["taken"] = .array(result.taken.map(\.value))
        report["present"] = .array(result.present.map(\.value))
        try json.print(report, orText: Self.text(result) + review.rest)
    }

    private static func text(_ result: SignatureAttachment.Result) -> [String] {
        let lines =
            result.taken.map { "took \($0.sentence)" } + result.present.map { "\($0.sentence) was here already" }
        return lines.isEmpty ? ["there was no signature to take"] : lines
    }
}

extension SignatureAttachment.Item {
    fileprivate var sentence: String { "\(name)'s signature of \(role) version \(version)" }

    fileprivate var value: JSONValue {
        [
            "role": .string(role.text), "version": .integer(Int64(version)), "name": .string(ByteString(name)),
        ]
    }
}
