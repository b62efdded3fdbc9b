import Primitives

/// Keys with values, of which only known ones may occur, each once.
package struct SettingsTable {
    private let whole: SettingsNode
    private var values: [String: SettingsNode] = [:]

    package init(_ node: SettingsNode, known: [String]) throws(SettingsFault) {
        whole = node
        for (key, value) in try node.members() {
            let name = try key.text()
            guard known.contains(name) else {
                throw key.fault(
                    found: "\"\(name)\"", expected: "one of \(known.sorted().joined(separator: ", "))",
                    hint: Spelling.nearest(to: name, in: known).map { "did you mean \($0)?" })
            }
            guard values.updateValue(value, forKey: name) == nil else { throw key.fault(found: "\(name) twice") }
        }
    }

    package func required(_ key: String) throws(SettingsFault) -> SettingsNode {
        guard let value = values[key] else {
            throw whole.fault(expected: "\(key): …", hint: "add the key \(key) to the keys that begin on this line")
        }
        return value
    }

    package func required<Value>(
        _ key: String, _ read: (SettingsNode) throws -> Value
    ) throws(SettingsFault) -> Value {
        try Self.read(try required(key), read)
    }

    @discardableResult
    package func optional<Value>(
        _ key: String, _ read: (SettingsNode) throws -> Value
    ) throws(SettingsFault) -> Value? {
        guard let node = values[key] else { return nil }
        return try Self.read(node, read)
    }

    /// Faults of other modules know what is wrong, but not on which line.
    private static func read<Value>(
        _ node: SettingsNode, _ read: (SettingsNode) throws -> Value
    ) throws(SettingsFault) -> Value {
        do { return try read(node) } catch let fault as SettingsFault { throw fault } catch {
            let known = error as? any ReportableFault
            throw node.fault(found: known?.found, expected: known?.expected)
        }
    }
}
