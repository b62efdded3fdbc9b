import SystemPackage

/// Commands in what is said to people are typed as they stand: where the configuration had to be named, they name it too.
package struct TypedCommands {
    /// As it was typed; nil where it was found.
    private let configuration: FilePath?

    package init(configuration: FilePath?) {
        self.configuration = configuration
    }

    private static let tool = "sceau-agent "
    private static let names: Set<String> = [
        "init", "check", "update", "status", "verify", "revert", "approve", "hold", "unhold", "history", "gc", "config",
        "check-config", "run", "bundle create", "bundle apply",
    ]

    /// `text` with `--config FILE` behind each command of the agent in it that lacks it.
    package func named(_ text: String) -> String {
        guard let configuration else { return text }
        let parts = text.split(separator: Self.tool, omittingEmptySubsequences: false)
        let rest = parts.dropFirst().map { part -> String in
            guard let name = Self.name(at: part) else { return Self.tool + part }
            return "\(Self.tool)\(name) --config \(Self.quoted(configuration.string))" + part.dropFirst(name.count)
        }
        return parts.prefix(1).joined() + rest.joined()
    }

    private static func name(at text: Substring) -> String? {
        names.filter { name in
            guard text.hasPrefix(name) else { return false }
            let next = text.dropFirst(name.count)
            return !(next.first.map { $0.isLetter || $0 == "-" || $0 == "." } ?? false) && !next.hasPrefix(" --config")
        }.max { $0.count < $1.count }
    }

    /// For a shell.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "/._-+:@,=".utf8.contains($0)
        }
        let parts = path.split(separator: "'", omittingEmptySubsequences: false)
        return isPlain ? path : "'" + parts.joined(separator: "'\\''") + "'"
    }
}
