import Primitives
import Releases
import SystemPackage

extension AgentConfiguration {
    /// What each key means, as a YAML file to begin with: keys that need not be there are comments, with what holds
    /// without them.
    package static func explained() throws -> [String] {
        let standard = AgentConfiguration(
            product: try ProductName("product"), channel: try ChannelName("channel"), mirrors: [], prefix: "/",
            state: "/")
        return keys.flatMap { $0.explained(standard) }
    }
}

extension ConfigurationKey {
    private static let width = 100

    fileprivate func explained(_ standard: AgentConfiguration) -> [String] {
        let text = explanation.wrapped(at: Self.width - 2).map { "# " + $0 }
        guard keys.isEmpty else { return text + ["#\(name):"] + keys.flatMap { $0.explainedBelow(standard) } + [""] }
        return text + [(isRequired ? "\(name):   # \(shape)" : "#\(name): \(setting(standard))"), ""]
    }

    private func explainedBelow(_ standard: AgentConfiguration) -> [String] {
        explanation.wrapped(at: Self.width - 6).map { "#   # " + $0 } + ["#   \(name): \(setting(standard))"]
    }

    /// What holds without the key, and what may stand there.
    private func setting(_ standard: AgentConfiguration) -> String {
        value(standard).map { "\($0)   # \(shape)" } ?? "  # not set; \(shape)"
    }
}

extension String {
    /// Lines of at most `width` characters, broken between words.
    fileprivate func wrapped(at width: Int) -> [String] {
        split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
    }
}
