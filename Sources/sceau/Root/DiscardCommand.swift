import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import TUF

/// `sceau discard ROLE`
struct DiscardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Take back what is staged for one role, with the signatures over it.",
        discussion: "What is published stays as it is, and so does Keys/policy.yaml.")

    @Argument(help: "root, targets, a channel, or the name of another staged role.")
    var role: String

    @OptionGroup var workspace: WorkspaceOption

    @Flag(help: "Discard without asking.")
    var yes = false

    @OptionGroup var json: JSONOption

    func run() throws {
        try stating("nothing was discarded") {
            let discard = try Discard(role, workspace: workspace.workspace)
            let name = ([discard.staged] + discard.others).map { "\($0.role) version \($0.version)" }
                .joined(separator: ", ")
            let loss = discard.loss.map { ", \($0)" }.joined()
            guard try yes || Terminal.confirm("discard \(name)\(loss)?") else {
                throw CleanExit.message("nothing was discarded")
            }
            try discard.run()
            try json.print(discard.report, orText: ["discarded \(name)\(loss)"] + discard.hints)
        }
    }
}

extension Discard {
    fileprivate var loss: [String] {
        var parts: [String] = []
        if !releases.isEmpty { parts.append("with release " + releases.map { "\($0)" }.joined(separator: ", ")) }
        if !signatures.isEmpty { parts.append("signed by " + signatures.joined(separator: ", ")) }
        return parts
    }

    fileprivate var hints: [String] {
        guard staged.role == .root || staged.role == .targets else { return [] }
        return ["Keys/policy.yaml is as it was: sceau root propose would stage it again"]
    }

    fileprivate var report: JSONObject {
        [
            "discarded": .string(staged.role.text), "version": .integer(Int64(staged.version)),
            "also": .array(others.map { .string($0.role.text) }),
            "releases": .array(releases.map { .string($0.text) }),
            "dropped_signatures": .array(signatures.map { .string(ByteString($0)) }),
        ]
    }
}
