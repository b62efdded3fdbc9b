import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Signatures
import TransparencyLog

/// `sceau log show`
struct LogShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Say what is in the log, who has cosigned it, and what to read to administrators by telephone.",
        discussion: """
            The fingerprint is that of the newest root and snapshot that are live: what an instance shows when it refuses \
            them for want of witnesses (sceau-agent update --accept-unwitnessed).
            """)

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let view = try LogView.load(workspace.workspace)
        try json.print(view.object, orText: view.text)
    }
}

extension LogView {
    fileprivate var text: [String] {
        var lines = ["log \(policy.log.name)", "  key \(policy.log.vkey)"]
        if let live {
            lines.append("  \(Counted.text(live.size, "entry", "entries")) live, \(live.standing)")
            lines += live.table.map { "    " + $0 }
        } else {
            lines.append("  nothing of it is live")
        }
        if let waiting {
            lines.append("  \(Counted.text(waiting, "entry", "entries")) signed: sceau publish goes on with them")
        }
        lines += notices.map { "  notice \($0.number): \($0.words)" }
        if let fingerprint {
            lines.append("fingerprint of root version \(rootVersion) and snapshot version \(snapshotVersion)")
            lines.append("  \(fingerprint.hex)")
            lines += Fingerprint.lines(fingerprint).map { "  " + $0 }
        }
        return lines
    }

    fileprivate var object: JSONObject {
        var object: JSONObject = [
            "origin": .string(policy.log.name), "vkey": .string(policy.log.vkey),
            "live": live.map { .object($0.object) } ?? .null,
            "waiting": waiting.map { .integer(Int64($0)) } ?? .null,
            "notices": .array(notices.map { .string(ByteString($0.words)) }),
        ]
        if let fingerprint {
            object["fingerprint"] = .string(ByteString(fingerprint.hex))
            object["fingerprint_words"] = .string(ByteString(Fingerprint.words(fingerprint).joined(separator: "-")))
        }
        return object
    }
}
