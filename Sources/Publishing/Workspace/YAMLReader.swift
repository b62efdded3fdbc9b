import Primitives
import Yams

/// A YAML value with the place it stands at, so that each fault names its line.
struct YAMLReader {
    private let node: Node
    private let place: String
    private let field: String

    init(_ node: Node, place: String, field: String) {
        self.node = node
        self.place = place
        self.field = field
    }

    /// The fields of one mapping, all of known names.
    struct Fields {
        fileprivate let reader: YAMLReader
        fileprivate let values: [String: YAMLReader]

        func required(_ name: String) throws(PublishingFault) -> YAMLReader {
            guard let value = values[name] else { throw reader.fault(found: nil, expected: "a field \"\(name)\"") }
            return value
        }
    }

    /// Throws for a field whose name is not in `known`.
    func fields(_ known: [String]) throws(PublishingFault) -> Fields {
        var values: [String: YAMLReader] = [:]
        for (name, value) in try entries() {
            guard known.contains(name) else {
                throw value.fault(found: "unknown field \"\(name)\"", expected: known.joined(separator: ", "))
            }
            values[name] = value
        }
        return Fields(reader: self, values: values)
    }

    /// The members of a mapping, in order.
    func entries() throws(PublishingFault) -> [(name: String, value: YAMLReader)] {
        guard let mapping = node.mapping else { throw fault(found: nil, expected: "names and values") }
        var result: [(name: String, value: YAMLReader)] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw fault(found: nil, expected: "a plain name") }
            result.append((name, YAMLReader(value, place: place, field: name)))
        }
        return result
    }

    func elements() throws(PublishingFault) -> [YAMLReader] {
        guard let sequence = node.sequence else { throw fault(found: nil, expected: "a list") }
        return sequence.map { YAMLReader($0, place: place, field: field) }
    }

    func string() throws(PublishingFault) -> String {
        guard let scalar = node.scalar else { throw fault(found: nil, expected: "a text") }
        return scalar.string
    }

    /// A keyholder's or key's name, as key files have it.
    func name() throws(PublishingFault) -> String {
        let name = try string()
        guard KeyholderName.isValid(name) else { throw invalid("a name of a-z, 0-9, '.', '_' and '-'") }
        return name
    }

    func integer(in range: ClosedRange<Int>) throws(PublishingFault) -> Int {
        guard let number = Int(try string()), range.contains(number) else {
            throw invalid("a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func invalid(_ expected: String) -> PublishingFault {
        fault(found: node.scalar.map { "\"\($0.string)\"" }, expected: expected)
    }

    private func fault(found: String?, expected: String) -> PublishingFault {
        let line = node.mark.map { " line \($0.line)" } ?? ""
        return PublishingFault(.invalidPolicy, found: found, expected: expected, at: "\(place)\(line), \(field)")
    }

    /// What a YAML parser found wrong, on one line.
    static func problem(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let names, let context):
            "line \(context.mark.line): a name that occurs twice, \(names.joined(separator: ", "))"
        default: "text that is not YAML"
        }
    }
}
