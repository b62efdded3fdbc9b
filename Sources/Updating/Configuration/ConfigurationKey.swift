import Settings
import SystemPackage

/// One key of the configuration file: how it is read, how its value is written, and what `config --explain` says of it.
/// One source for all three, so that none of them can be forgotten.
struct ConfigurationKey: Sendable {
    let name: String
    /// For people: one or a few sentences.
    let explanation: String
    /// What may stand there, in few words.
    let shape: String
    let isRequired: Bool
    /// Those below it, if its value is a table.
    private(set) var keys: [ConfigurationKey] = []
    /// Takes the value over. What is wrong with it is a `SettingsFault` or another fault, which gets its line.
    let read: @Sendable (SettingsNode, inout AgentConfiguration) throws -> Void
    /// The value as YAML on one line; nil where nothing is set.
    let value: @Sendable (AgentConfiguration) -> String?

    init(
        _ name: String, _ shape: String, isRequired: Bool = false, _ explanation: String,
        read: @escaping @Sendable (SettingsNode, inout AgentConfiguration) throws -> Void,
        value: @escaping @Sendable (AgentConfiguration) -> String?
    ) {
        self.name = name
        self.shape = shape
        self.isRequired = isRequired
        self.explanation = explanation
        self.read = read
        self.value = value
    }
}

extension ConfigurationKey {
    /// A key with keys below it, each of them optional.
    static func table(_ name: String, _ explanation: String, of keys: [ConfigurationKey]) -> ConfigurationKey {
        let names = keys.map(\.name)
        var table = ConfigurationKey(name, "keys: " + names.joined(separator: ", "), explanation) {
            node, configuration in
            let table = try SettingsTable(node, known: names)
            for key in keys { try table.optional(key.name) { try key.read($0, &configuration) } }
        } value: { configuration in
            let members = keys.compactMap { key in key.value(configuration).map { "\(key.name): \($0)" } }
            return members.isEmpty ? nil : "{\(members.joined(separator: ", "))}"
        }
        table.keys = keys
        return table
    }

    /// A whole number that is always set.
    static func integer(
        _ name: String, _ unit: String, in range: ClosedRange<Int>, _ explanation: String,
        _ property: any WritableKeyPath<AgentConfiguration, Int> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(name, "\(unit), \(range.lowerBound) to \(range.upperBound)", explanation) {
            $1[keyPath: property] = try $0.integer(in: range)
        } value: {
            "\($0[keyPath: property])"
        }
    }

    /// Whole seconds that are always set.
    static func seconds(
        _ name: String, in range: ClosedRange<Int> = 1...604_800, _ explanation: String,
        _ property: any WritableKeyPath<AgentConfiguration, Duration> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(name, "seconds, \(range.lowerBound) to \(range.upperBound)", explanation) {
            $1[keyPath: property] = .seconds(try $0.integer(in: range))
        } value: {
            "\($0[keyPath: property].components.seconds)"
        }
    }

    /// True or false.
    static func flag(
        _ name: String, _ explanation: String, _ property: any WritableKeyPath<AgentConfiguration, Bool> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(name, "true or false", explanation) {
            switch try $0.text() {
            case "true": $1[keyPath: property] = true
            case "false": $1[keyPath: property] = false
            default: throw $0.invalid(expected: "true or false")
            }
        } value: {
            "\($0[keyPath: property])"
        }
    }

    /// A program of this machine with its arguments; not set at first.
    static func command(
        _ name: String, _ explanation: String, _ property: any WritableKeyPath<AgentConfiguration, [String]> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(name, "a list: an absolute path, and arguments", explanation) {
            let words = try $0.list()
            guard let program = words.first else { throw $0.fault(found: "no program", expected: "an absolute path") }
            let rest = try words.dropFirst().map { word throws in try word.text() }
            $1[keyPath: property] = [try program.absolutePath().string] + rest
        } value: {
            $0[keyPath: property].isEmpty ? nil : yamlList($0[keyPath: property])
        }
    }

    /// One of a few words.
    static func word<Word: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ explanation: String, _ property: any WritableKeyPath<AgentConfiguration, Word> & Sendable
    ) -> ConfigurationKey where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        let shape = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        return ConfigurationKey(name, shape, explanation) {
            guard let word = Word(rawValue: try $0.text()) else { throw $0.invalid(expected: shape) }
            $1[keyPath: property] = word
        } value: {
            $0[keyPath: property].rawValue
        }
    }
}

/// Text as a YAML scalar on one line, quoted where it might be read as something else.
func yamlScalar(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
    let isWord = text.utf8.first.map { $0 >= UInt8(ascii: "/") && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0) }
    return plain && isWord == true ? text : "'" + quoted(text) + "'"
}

/// Scalar by scalar: to `String`, a quotation mark with an accent on it is another character.
private func quoted(_ text: String) -> String {
    text.unicodeScalars.map { $0 == "'" ? "''" : String($0) }.joined()
}

func yamlList(_ elements: [String]) -> String { "[" + elements.map(yamlScalar).joined(separator: ", ") + "]" }
