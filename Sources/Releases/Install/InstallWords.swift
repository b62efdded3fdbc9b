import Primitives

extension InstallSection {
    /// What is done around the switch, a line each, for people: lower case, no final stop; escaped and bounded.
    package var sentences: [String] {
        var lines: [String] = []
        if !services.isEmpty { lines.append("around the switch it restarts \(services.map(\.description).inWords)") }
        if !shared.isEmpty {
            lines.append(
                "shared with other releases, outside the tree: \(shared.map { Self.shown($0) }.inWords)")
        }
        if !tools.isEmpty { lines.append("its programs need \(tools.map { Self.shown($0) }.inWords) on the machine") }
        if let pre { lines.append("before the switch it runs \(pre.inWords)") }
        if let migration { lines.append(migration.inWords) }
        if let post {
            lines.append("\(services.isEmpty ? "after the switch" : "once its services run") it runs \(post.inWords)")
        }
        if let health { lines.append(health.inWords) }
        return lines
    }

    /// One word of a command or a path, quoted where somebody could take it for several.
    fileprivate static func shown(_ word: ByteString) -> String {
        let isPlain = !word.isEmpty && word.bytes.allSatisfy { (0x21...0x7e).contains($0) && !quoted.contains($0) }
        guard !isPlain else { return word.description }
        var inner = ""
        for scalar in String(decoding: word.bytes, as: UTF8.self).unicodeScalars {
            if scalar == "\"" || scalar == "\\" { inner.unicodeScalars.append("\\") }
            inner.unicodeScalars.append(scalar)
        }
        return "\"\(inner.escapingUnprintable())\""
    }

    private static let quoted = Array("\"'\\,;()".utf8)
}

extension InstallSection.Hook {
    private static let longestShown = 1000

    /// `hooks/pre --fast (at most 10 min)`.
    package var inWords: String { "\(command) (at most \(InstallTime.text(seconds)))" }

    /// Program and arguments.
    package var command: String {
        let text = run.map { InstallSection.shown($0) }.joined(separator: " ")
        guard text.unicodeScalars.count > Self.longestShown else { return text }
        let bytes = run.reduce(0) { $0 + $1.count }
        return String(text.unicodeScalars.prefix(Self.longestShown)) + "… (\(bytes) bytes in \(run.count) words)"
    }
}

extension InstallSection.Migration {
    package var inWords: String {
        let change = "it changes data: \(hook.inWords)"
        return switch `return` {
        case .undo(let undo): "\(change), and \(undo.inWords) changes it back"
        case .compatible: "\(change); the release before works with the changed data"
        case .none: "\(change); nothing changes it back"
        }
    }
}

extension InstallSection.HealthCheck {
    package var inWords: String {
        let good = inARow == 1 ? "succeeds" : "succeeds \(inARow) times in a row"
        return "it is healthy when \(hook.command) \(good) within \(InstallTime.text(within)) "
            + "(tried every \(InstallTime.text(every)), each at most \(InstallTime.text(hook.seconds)))"
    }
}

/// `90 s`, `10 min`, `2 h`: exactly, in the largest unit that has no rest.
enum InstallTime {
    static func text(_ seconds: Int) -> String {
        if seconds > 0, seconds % 3600 == 0 { return "\(seconds / 3600) h" }
        return seconds > 0 && seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}

extension [String] {
    /// `a`, `a and b`, `a, b and c`.
    var inWords: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
