import Primitives
import SystemPackage

/// A value in a YAML file that people write, with the place it stands at, so that each fault names its line.
package struct SettingsNode {
    private let node: YAMLNode
    private let file: String

    private init(_ node: YAMLNode, file: String) {
        self.node = node
        self.file = file
    }

    /// The root of a file's text, at most `limit` bytes of UTF-8. `file` is for messages.
    package static func decode(_ bytes: [UInt8], file: String, limit: Int) throws(SettingsFault) -> SettingsNode {
        guard bytes.count <= limit, String(validating: bytes, as: UTF8.self) != nil else {
            throw SettingsFault(.invalid, expected: "UTF-8 text of at most \(limit) bytes", at: file)
        }
        guard let root = try YAMLText.compose(Array(bytes.dropFirst(byteOrderMark(bytes))), file: file) else {
            throw SettingsFault(.invalid, found: "an empty file", at: file)
        }
        return SettingsNode(root, file: file)
    }

    /// How many bytes of one some editors put before the text.
    private static func byteOrderMark(_ bytes: [UInt8]) -> Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

    // MARK: faults

    /// A fault at this value's line.
    package func fault(found: String? = nil, expected: String? = nil, hint: String? = nil) -> SettingsFault {
        SettingsFault(.invalid, found: found, expected: expected, at: "\(file) line \(node.line)", hint: hint)
    }

    /// A fault that quotes this value.
    package func invalid(expected: String) -> SettingsFault {
        if case .scalar(let text, _) = node.content { return fault(found: "\"\(text)\"", expected: expected) }
        return fault(found: kind, expected: expected)
    }

    private var kind: String {
        switch node.content {
        case .mapping: "keys with values"
        case .list: "a list"
        case .scalar(let text, _): text.isEmpty ? "nothing" : "a text"
        }
    }

    // MARK: values

    package func text() throws(SettingsFault) -> String {
        guard case .scalar(let text, _) = node.content, !text.isEmpty else {
            throw fault(found: kind, expected: "a text")
        }
        return text
    }

    package func integer(in range: ClosedRange<Int>) throws(SettingsFault) -> Int {
        // One spelling: to other readers of YAML, 010 is 8.
        guard case .scalar(let text, isPlain: true) = node.content, let number = Int(text), "\(number)" == text,
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
        if let unseen = text.unicodeScalars.first(where: \.isUnseen) {
            throw fault(
                found: "the character U+" + String(unseen.value, radix: 16, uppercase: true) + " in a path",
                expected: "characters that can be seen, and plain spaces")
        }
        return path
    }

    package var isList: Bool {
        if case .list = node.content { true } else { false }
    }

    package func list() throws(SettingsFault) -> [SettingsNode] {
        guard case .list(let elements) = node.content else { throw fault(found: kind, expected: "a list") }
        return elements.map { SettingsNode($0, file: file) }
    }

    /// The keys of a mapping with their values, in order.
    package func members() throws(SettingsFault) -> [(key: SettingsNode, value: SettingsNode)] {
        guard case .mapping(let members) = node.content else { throw fault(found: kind, expected: "keys with values") }
        return members.map { (SettingsNode($0.key, file: file), SettingsNode($0.value, file: file)) }
    }
}

extension Unicode.Scalar {
    /// Nobody sees it in a file, but for a plain space: it came there with something that was pasted.
    fileprivate var isUnseen: Bool {
        switch properties.generalCategory {
        case .spaceSeparator: self != " "
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
