import Primitives
import SystemPackage
import Yams

/// A value in a YAML file that people write, with the place it stands at, so that each fault names its line.
package struct SettingsNode {
    private let node: Node
    private let file: String

    private init(_ node: Node, file: String) {
        self.node = node
        self.file = file
    }

    /// The root of a file's text, at most `limit` bytes of UTF-8. `file` is for messages.
    package static func decode(_ bytes: [UInt8], file: String, limit: Int) throws(SettingsFault) -> SettingsNode {
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsFault(.invalid, expected: "UTF-8 text of at most \(limit) bytes", at: file)
        }
        try checkNoAliases(text, file)
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw fault(error, file) }
        guard let root else { throw SettingsFault(.invalid, found: "an empty file", at: file) }
        return SettingsNode(root, file: file)
    }

    /// Anchors and aliases are refused before anything is parsed: nested ones grow without bound, and nobody needs them.
    private static func checkNoAliases(_ text: String, _ file: String) throws(SettingsFault) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.hasPrefix("#") ? "" : line.split(separator: " #", maxSplits: 1).first ?? ""
            let tokens = content.split { " \t[]{},:".contains($0) }
            if let token = tokens.first(where: { $0.hasPrefix("&") || $0.hasPrefix("*") }) {
                throw SettingsFault(
                    .invalid, found: "\"\(token)\"", expected: "values without YAML anchors and aliases",
                    at: "\(file) line \(index + 1)")
            }
        }
    }

    /// What the YAML parser found, in our form.
    private static func fault(_ error: any Error, _ file: String) -> SettingsFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            SettingsFault(.invalid, found: problem, at: "\(file) line \(mark.line)")
        case .duplicatedKeysInMapping(let names, let context):
            SettingsFault(
                .invalid, found: "\(names.joined(separator: ", ")) twice", at: "\(file) line \(context.mark.line)")
        default: SettingsFault(.invalid, found: "text that is not YAML", at: file)
        }
    }

    // MARK: faults

    /// A fault at this value's line.
    package func fault(found: String? = nil, expected: String? = nil) -> SettingsFault {
        let line = node.mark.map { " line \($0.line)" } ?? ""
        return SettingsFault(.invalid, found: found, expected: expected, at: file + line)
    }

    /// A fault that quotes this value.
    package func invalid(expected: String) -> SettingsFault {
        fault(found: node.scalar.map { "\"\($0.string)\"" } ?? kind, expected: expected)
    }

    private var kind: String {
        if node.mapping != nil { return "keys with values" }
        if node.sequence != nil { return "a list" }
        return node.scalar?.string.isEmpty == true ? "nothing" : "a text"
    }

    // MARK: values

    package func text() throws(SettingsFault) -> String {
        guard let scalar = node.scalar, !scalar.string.isEmpty else { throw fault(found: kind, expected: "a text") }
        return scalar.string
    }

    package func integer(in range: ClosedRange<Int>) throws(SettingsFault) -> Int {
        guard let scalar = node.scalar, scalar.style == .plain, let number = Int(scalar.string),
            range.contains(number)
        else { throw invalid(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    package func absolutePath() throws(SettingsFault) -> FilePath {
        let text = try text()
        let path = FilePath(text)
        guard path.isAbsolute, path.isLexicallyNormal, !text.utf8.contains(0), path.lastComponent != nil else {
            throw invalid(expected: "an absolute path without . and ..")
        }
        return path
    }

    package func list() throws(SettingsFault) -> [SettingsNode] {
        guard let sequence = node.sequence else { throw fault(found: kind, expected: "a list") }
        return sequence.map { SettingsNode($0, file: file) }
    }

    /// The keys of a mapping with their values, in order.
    package func members() throws(SettingsFault) -> [(key: SettingsNode, value: SettingsNode)] {
        guard let mapping = node.mapping else { throw fault(found: kind, expected: "keys with values") }
        return mapping.map { (SettingsNode($0.key, file: file), SettingsNode($0.value, file: file)) }
    }
}
