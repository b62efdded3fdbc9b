import Primitives
import Releases
import SystemPackage
import Yams

/// A YAML node that knows where it stands, so that each fault says the line.
struct YAMLNode {
    private let node: Node
    let file: String

    init(_ node: Node, file: String) {
        self.node = node
        self.file = file
    }

    func fault(found: String? = nil, expected: String? = nil) -> AgentFault {
        let line = node.mark.map { " line \($0.line)" } ?? ""
        return AgentFault(.configuration, found: found, expected: expected, at: file + line)
    }

    func text() throws(AgentFault) -> String {
        guard let scalar = node.scalar, !scalar.string.isEmpty else {
            throw fault(found: typeName, expected: "a text")
        }
        return scalar.string
    }

    func integer(in range: ClosedRange<Int>) throws(AgentFault) -> Int {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let scalar = node.scalar, scalar.style == .plain, let number = Int(scalar.string) else {
            throw fault(found: node.scalar.map { "\"\($0.string)\"" } ?? typeName, expected: expected)
        }
        guard range.contains(number) else { throw fault(found: "\(number)", expected: expected) }
        return number
    }

    func absolutePath() throws(AgentFault) -> FilePath {
        let text = try text()
        let path = FilePath(text)
        guard path.isAbsolute, path.isLexicallyNormal, !text.utf8.contains(0), path.lastComponent != nil else {
            throw fault(found: "\"\(text)\"", expected: "an absolute path without . and ..")
        }
        return path
    }

    func list() throws(AgentFault) -> [YAMLNode] {
        guard let sequence = node.sequence else { throw fault(found: typeName, expected: "a list") }
        return sequence.map { YAMLNode($0, file: file) }
    }

    func members() throws(AgentFault) -> [(key: YAMLNode, value: YAMLNode)] {
        guard let mapping = node.mapping else { throw fault(found: typeName, expected: "keys with values") }
        return mapping.map { (YAMLNode($0.key, file: file), YAMLNode($0.value, file: file)) }
    }

    private var typeName: String {
        if node.mapping != nil { return "keys with values" }
        if node.sequence != nil { return "a list" }
        return node.scalar?.string.isEmpty == true ? "nothing" : "a text"
    }

    /// What the YAML parser found, in our form.
    static func fault(_ error: YamlError, file: String) -> AgentFault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            AgentFault(.configuration, found: problem, at: "\(file) line \(mark.line)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            AgentFault(
                .configuration, found: "\(duplicates.joined(separator: ", ")) twice",
                at: "\(file) line \(context.mark.line)")
        default: AgentFault(.configuration, found: "no YAML", at: file)
        }
    }
}

/// Keys with values, of which only known ones may occur, each once.
struct YAMLTable {
    private let whole: YAMLNode
    private var values: [String: YAMLNode] = [:]

    init(_ node: YAMLNode, file: String, known: [String]) throws(AgentFault) {
        whole = node
        for (key, value) in try node.members() {
            let name = try key.text()
            guard known.contains(name) else {
                throw key.fault(found: "\"\(name)\"", expected: "one of \(known.sorted().joined(separator: ", "))")
            }
            guard values.updateValue(value, forKey: name) == nil else { throw key.fault(found: "\(name) twice") }
        }
    }

    func required<Value>(_ key: String, _ read: (YAMLNode) throws -> Value) throws(AgentFault) -> Value {
        guard let value = try optional(key, read) else { throw whole.fault(expected: "\(key): …") }
        return value
    }

    @discardableResult
    func optional<Value>(_ key: String, _ read: (YAMLNode) throws -> Value) throws(AgentFault) -> Value? {
        guard let node = values[key] else { return nil }
        do { return try read(node) } catch let fault as AgentFault { throw fault } catch {
            // Faults of names know what is wrong, but not on which line.
            let known = error as? Fault<ReleaseFaultCode>
            throw node.fault(found: known?.found, expected: known?.expected)
        }
    }
}
