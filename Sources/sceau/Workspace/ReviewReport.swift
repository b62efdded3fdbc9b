import CanonicalJSON
import CommandSupport
import FoundationEssentials
import Primitives
import Publishing
import Releases
import Signatures
import TUF

extension Review {
    /// For people: what would change, then what each role still lacks.
    func text() -> [String] {
        if isEmpty { return ["nothing is staged"] }
        var lines = changes.map { "  " + $0 } + added.map { "  " + $0.sentence }
        if !lines.isEmpty { lines.insert("would change:", at: 0) }
        var table = TextTable()
        for role in roles { table.append(role.row) }
        lines += ["staged:"] + table.lines.map { "  " + $0 }
        for problem in roles.flatMap(\.problems) { lines.append("  not counted: \(problem)") }
        for obstacle in obstacles { lines.append("  instances would refuse it: \(obstacle)") }
        if isReady { lines.append("ready: run sceau publish") }
        return lines
    }

    var report: JSONObject {
        [
            "changes": .array(changes.map { .string(ByteString($0)) }),
            "added_releases": .array(added.map { .object($0.report) }),
            "roles": .array(roles.map { .object($0.report) }),
            "obstacles": .array(obstacles.map { .string(ByteString($0)) }), "ready": .bool(isReady),
        ]
    }
}

extension Review.AddedRelease {
    fileprivate var sentence: String {
        var line = "adds \(manifest.map { "\($0.product) " } ?? "")\(version) to \(role): "
        if let manifest {
            line += "\(manifest.tree.files) files, \(HumanFormat.bytes(manifest.tree.bytes)) "
            line += "(\(HumanFormat.bytes(manifest.archive.bytes)) packed), "
        }
        line += "severity \(severity)"
        if let advisories = manifest?.advisories, !advisories.isEmpty {
            line += ", answers " + advisories.map { "\($0)" }.joined(separator: ", ")
        }
        if let summary = manifest?.summary, !summary.isEmpty { line += ": \(summary)" }
        return line
    }

    fileprivate var report: JSONObject {
        var object: JSONObject = [
            "role": .string(role.text), "version": .string(version.text),
            "severity": .string(ByteString(severity.rawValue)),
        ]
        guard let manifest else { return object }
        object["files"] = .integer(Int64(manifest.tree.files))
        object["bytes"] = .integer(Int64(manifest.tree.bytes))
        object["archive_bytes"] = .integer(Int64(manifest.archive.bytes))
        object["tree_sha256"] = .string(ByteString(manifest.tree.sha256.hex))
        object["advisories"] = .array(manifest.advisories.map { .string($0.text) })
        object["summary"] = .string(manifest.summary)
        return object
    }
}

extension RoleReview {
    fileprivate var row: [String] {
        let names = signed.isEmpty ? "nobody signed" : "signed by " + signed.joined(separator: ", ")
        return [
            "\(role) version \(version)", names, isComplete ? "complete" : lackingText,
            "expires \(UTCTime.encode(expires))",
        ]
    }

    var report: JSONObject {
        [
            "role": .string(role.text), "version": .integer(Int64(version)),
            "expires": .string(ByteString(UTCTime.encode(expires))), "threshold": .integer(Int64(threshold)),
            "signed": .array(signed.map { .string(ByteString($0)) }), "lacking": .integer(Int64(lacking)),
            "can_sign": .array(canSign.map { .string(ByteString($0)) }),
            "not_counted": .array(problems.map { .string(ByteString($0)) }),
        ]
    }
}
