import CommandSupport
import FoundationEssentials
import Primitives
import Publishing

extension Review {
    /// For people: what would change, then what each role still lacks.
    func text(withWarnings: Bool = true) -> [String] {
        if isEmpty { return ["nothing is staged"] }
        var lines: [String] = []
        if isAlarming { lines.append("ATTENTION: something published would change, or cannot be described") }
        if !changes.isEmpty { lines.append("would change:") }
        for change in changes {
            lines.append("  \(change.isAlarming ? "! " : "")\(change.sentence)")
            lines += change.details.map { "    " + $0 }
        }
        lines += keyLines + roleLines
        for warning in warnings where withWarnings { lines.append("warning: \(warning)") }
        for obstacle in obstacles { lines.append("instances would refuse it: \(obstacle)") }
        if isReady { lines.append("ready: run sceau publish") }
        return lines
    }

    /// After a signature: what is left to do.
    var rest: [String] {
        if isReady { return ["all signatures are there: run sceau publish"] }
        return roles.filter { !$0.isComplete }.map { "\($0.role) version \($0.version): \($0.lackingText)" }
            + obstacles.map { "instances would refuse it: \($0)" }
    }

    private var keyLines: [String] {
        guard !newKeys.isEmpty else { return [] }
        var table = TextTable()
        for key in newKeys {
            table.append([key.mention.name, "\(key.mention.id)", key.objection.map { "! \($0)" } ?? ""])
        }
        return ["new keys, to be compared with what their holders say (sceau key show):"]
            + table.lines.map { "  " + $0 }
    }

    private var roleLines: [String] {
        var lines = ["staged:"]
        var table = TextTable()
        for role in roles { table.append(role.row) }
        lines += table.lines.map { "  " + $0 }
        for problem in roles.flatMap(\.problems) { lines.append("  not counted: \(problem)") }
        return lines
    }
}

extension RoleReview {
    fileprivate var row: [String] {
        [
            "\(role) version \(version)", "expires \(UTCTime.encode(expires))",
            signed.isEmpty ? "signed by nobody" : "signed by " + signed.joined(separator: ", "),
            isComplete ? "complete" : lackingText,
        ]
    }
}
