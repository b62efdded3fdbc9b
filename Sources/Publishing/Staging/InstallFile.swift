import FoundationEssentials
import Primitives
import Releases
import Settings

/// What a maintainer says about the switch to a release, in YAML: `release add --install FILE`. Documentation/hooks.md
/// explains the keys.
package struct InstallFile: Hashable, Sendable {
    package private(set) var install = InstallSection()
    package private(set) var updateFrom: Version?
    package private(set) var rollout: Rollout?

    package static let byteLimit = 64 << 10

    package init() {}

    /// Reads a file's text; each fault names its line, and `place`. What the file leaves out has defaults.
    ///
    /// - Parameters:
    ///   - version: of the release; `update_from` is older.
    ///   - time: when the release is made: a rollout begins then.
    package static func decode(
        _ bytes: [UInt8], at place: String, version: Version, time: Date
    ) throws(SettingsFault) -> InstallFile {
        let node = try SettingsNode.decode(bytes, file: place, limit: byteLimit)
        let table = try SettingsTable(
            node, known: ["update_from", "rollout", "services", "shared", "tools", "pre", "migrate", "post", "health"])
        var file = InstallFile()
        file.updateFrom = try table.optional("update_from") { try Self.updateFrom($0, below: version) }
        file.rollout = try table.optional("rollout") { try Self.rollout($0, time) }
        try table.optional("services") { try file.readServices($0) }
        try table.optional("shared") { try file.readShared($0) }
        try table.optional("tools") { try file.readTools($0) }
        try table.optional("pre") { node in
            file.install.pre = try file.hook(node, known: [], seconds: 600)
        }
        try table.optional("migrate") { file.install.migration = try file.migration($0) }
        try table.optional("post") { node in
            file.install.post = try file.hook(node, known: [], seconds: 600)
        }
        try table.optional("health") { file.install.health = try file.health($0) }
        return file
    }

    private static func updateFrom(_ node: SettingsNode, below version: Version) throws -> Version {
        let found = try Version(node.text())
        guard found < version else { throw node.invalid(expected: "a version older than \(version)") }
        return found
    }

    // MARK: lists

    private mutating func readServices(_ node: SettingsNode) throws {
        for element in try node.list() {
            try Self.at(element) { install.services.append(try ServiceName(ByteString(element.text()))) }
            try Self.at(element) { try install.check() }
        }
    }

    private mutating func readShared(_ node: SettingsNode) throws {
        for element in try node.list() {
            install.shared.append(ByteString(try element.text()))
            try Self.at(element) { try install.check() }
        }
    }

    private mutating func readTools(_ node: SettingsNode) throws {
        for element in try node.list() {
            install.tools.append(ByteString(try element.text()))
            try Self.at(element) { try install.check() }
        }
    }

    // MARK: programs

    /// A program, checked together with the shared paths.
    private func hook(_ node: SettingsNode, known: [String], seconds: Int) throws -> InstallSection.Hook {
        let table = try SettingsTable(node, known: ["run", "seconds"] + known)
        let run = try table.required("run")
        let hook = InstallSection.Hook(
            try Self.command(run),
            seconds: try table.optional("seconds") { try $0.integer(in: InstallSection.hookSeconds) } ?? seconds)
        var probe = install
        probe.pre = hook
        try Self.at(run) { try probe.check() }
        return hook
    }

    private static func command(_ node: SettingsNode) throws(SettingsFault) -> [ByteString] {
        guard node.isList else {
            let text = try node.text()
            // Nobody splits it: it would be looked for under this whole name.
            guard !text.contains(" ") else {
                throw node.invalid(expected: "a path, or a list such as [hooks/pre, --all]")
            }
            return [ByteString(text)]
        }
        var words: [ByteString] = []
        for element in try node.list() { words.append(ByteString(try element.text())) }
        return words
    }

    private func migration(_ node: SettingsNode) throws -> InstallSection.Migration {
        let hook = try hook(node, known: ["undo", "return"], seconds: 3600)
        let table = try SettingsTable(node, known: ["run", "seconds", "undo", "return"])
        let undo = try table.optional("undo") { try self.hook($0, known: [], seconds: hook.seconds) }
        let way = try table.optional("return") { try Self.way($0, besideUndo: undo != nil) }
        if let undo { return InstallSection.Migration(hook, return: .undo(undo)) }
        guard let way else {
            throw node.fault(
                found: "a migration that does not say how to go back",
                expected: "undo: {run: …}, or return: compatible or none")
        }
        return InstallSection.Migration(hook, return: way)
    }

    private static func way(
        _ node: SettingsNode, besideUndo: Bool
    ) throws(SettingsFault) -> InstallSection.Migration.Return {
        guard !besideUndo else { throw node.fault(found: "return beside undo", expected: "one of them") }
        switch try node.text() {
        case "compatible": return .compatible
        case "none": return .none
        default: throw node.invalid(expected: "compatible or none, or undo in its place")
        }
    }

    private func health(_ node: SettingsNode) throws -> InstallSection.HealthCheck {
        let hook = try hook(node, known: ["every", "within", "in_a_row"], seconds: 10)
        let table = try SettingsTable(node, known: ["run", "seconds", "every", "within", "in_a_row"])
        let check = InstallSection.HealthCheck(
            hook, every: try table.optional("every") { try $0.integer(in: 1...3600) } ?? 5,
            within: try table.optional("within") { try $0.integer(in: 1...86_400) } ?? 120,
            inARow: try table.optional("in_a_row") { try $0.integer(in: 1...100) } ?? 2)
        guard (check.inARow - 1) * check.every < check.within else {
            throw node.fault(
                found: "\(check.inARow) good answers in a row, one every \(check.every) s, within \(check.within) s",
                expected: "a time in which so many can be had")
        }
        return check
    }

    /// Faults of other modules know what is wrong, but not on which line.
    private static func at(_ node: SettingsNode, _ body: () throws -> Void) throws {
        do { try body() } catch let fault as SettingsFault { throw fault } catch {
            let known = error as? any ReportableFault
            throw node.fault(found: known?.found, expected: known?.expected)
        }
    }
}
